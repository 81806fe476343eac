package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
)

// The agent of EKS Pod Identity answers at an address that the pod's environment names, to whoever holds the pod's token.
func TestSignIn_WithTheCredentialsOfThePod(t *testing.T) {
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "the-pods-token" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{
			"AccessKeyId": "AKIDOFPOD", "SecretAccessKey": "secret", "Token": "session", "Expiration": "2100-01-01T00:00:00Z",
		})
	}))
	t.Cleanup(agent.Close)
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("the-pods-token"), 0o600))
	for _, other := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
		t.Setenv(other, "")
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.URL)
	t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token)

	options, err := signIn(t.Context())
	require.NoError(t, err)
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers("b:9098"))...)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	mechanisms := client.OptValue(kgo.SASL).([]sasl.Mechanism)
	require.Len(t, mechanisms, 1)
	assert.Equal(t, "AWS_MSK_IAM", mechanisms[0].Name())
	assert.NotNil(t, client.OptValue(kgo.DialTLSConfig), "never in the clear")

	_, challenge, err := mechanisms[0].Authenticate(t.Context(), "b-1.cloudinsight.abc.c1.kafka.af-south-1.amazonaws.com:9098")
	require.NoError(t, err)
	var said map[string]string
	require.NoError(t, json.Unmarshal(challenge, &said))
	assert.Contains(t, said["x-amz-credential"], "AKIDOFPOD/")
	assert.Contains(t, said["x-amz-credential"], "/af-south-1/kafka-cluster/")
	assert.Equal(t, "session", said["x-amz-security-token"])
	assert.NotContains(t, string(challenge), "secret")
}
