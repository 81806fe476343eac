package apps

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCatalog_IsValid(t *testing.T) {
	rows := Catalog()
	require.Len(t, rows, 7)
	for i, row := range rows {
		assert.Empty(t, row.problems(row.Name, "staging", rows), row.Name)
		assert.Empty(t, row.clashes(row.Name, rows[:i]), row.Name)
	}
}

func TestCatalog_StoresByService(t *testing.T) {
	// Spec A2.
	for service, stores := range map[string][]Store{
		"frontend":     {Redis},
		"user":         {PostgreSQL, Redis},
		"cost":         {DocumentDB, Kafka, Redis},
		"metric":       {DocumentDB, Kafka},
		"anomaly":      {DocumentDB, Kafka},
		"forecast":     {DocumentDB, Kafka},
		"notification": {DocumentDB, Kafka},
	} {
		row, ok := find(Catalog(), service)
		require.True(t, ok, service)
		assert.Equal(t, stores, row.Stores, service)
	}
}

func TestCatalog_EventsByService(t *testing.T) {
	for service, want := range map[string]struct{ produces, consumes []string }{
		"frontend":     {},
		"user":         {},
		"cost":         {produces: []string{"cost.collected"}},
		"metric":       {produces: []string{"metric.collected"}},
		"anomaly":      {[]string{"anomaly.detected"}, []string{"cost.collected", "metric.collected"}},
		"forecast":     {[]string{"forecast.updated"}, []string{"cost.collected", "metric.collected"}},
		"notification": {consumes: []string{"anomaly.detected", "forecast.updated"}},
	} {
		row, ok := find(Catalog(), service)
		require.True(t, ok, service)
		assert.Equal(t, want.produces, row.Produces, service)
		assert.Equal(t, want.consumes, row.Consumes, service)
		assert.Equal(t, service == "cost", row.CostData, service)
	}
}

func TestCatalog_Objectives(t *testing.T) {
	targets := map[string]float64{}
	for _, row := range Catalog() {
		targets[row.Name] = row.SLO
	}
	assert.Equal(t, map[string]float64{
		"frontend": 99.9, "user": 99.99, "cost": 99.95,
		"metric": 99.9, "anomaly": 99.9, "forecast": 99.9, "notification": 99.9,
	}, targets)
}

// A cycle of calls has no order in which its services could become ready.
func TestCatalog_CallsHaveNoCycle(t *testing.T) {
	rows := Catalog()
	var visit func(row Row, path []string)
	visit = func(row Row, path []string) {
		require.NotContains(t, path, row.Name, "cycle")
		for _, callee := range row.Calls {
			next, ok := find(rows, callee)
			require.True(t, ok, callee)
			visit(next, append(slices.Clone(path), row.Name))
		}
	}
	for _, row := range rows {
		visit(row, nil)
	}
}

func TestCatalog_ReturnsACopy(t *testing.T) {
	Catalog()[0].Name = "changed"
	assert.Equal(t, "frontend", Catalog()[0].Name)
}
