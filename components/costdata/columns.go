package costdata

import "strings"

// column of the export and of the table: one list, so that the one always has what the other reads.
type column struct {
	name, typ string
}

const (
	text   = "string"
	number = "double"
	when   = "timestamp"
	pairs  = "map<string,string>"
)

// columns of CUR 2.0 that the cost service reads: who pays for what, when, how much, at which price, under which tags,
// and what commitments cover.
var columns = []column{
	{"bill_billing_entity", text},
	{"bill_billing_period_start_date", when},
	{"bill_bill_type", text},
	{"bill_invoice_id", text},
	{"bill_payer_account_id", text},
	{"cost_category", pairs},
	{"discount_total_discount", number},
	{"identity_line_item_id", text},
	{"identity_time_interval", text},
	{"line_item_availability_zone", text},
	{"line_item_currency_code", text},
	{"line_item_line_item_description", text},
	{"line_item_line_item_type", text},
	{"line_item_net_unblended_cost", number},
	{"line_item_operation", text},
	{"line_item_product_code", text},
	{"line_item_resource_id", text},
	{"line_item_unblended_cost", number},
	{"line_item_unblended_rate", text},
	{"line_item_usage_account_id", text},
	{"line_item_usage_account_name", text},
	{"line_item_usage_amount", number},
	{"line_item_usage_end_date", when},
	{"line_item_usage_start_date", when},
	{"line_item_usage_type", text},
	{"pricing_public_on_demand_cost", number},
	{"pricing_purchase_option", text},
	{"pricing_term", text},
	{"pricing_unit", text},
	{"product", pairs},
	{"product_instance_type", text},
	{"product_product_family", text},
	{"product_region_code", text},
	{"product_servicecode", text},
	{"reservation_amortized_upfront_cost_for_usage", number},
	{"reservation_effective_cost", number},
	{"reservation_reservation_a_r_n", text},
	{"reservation_unused_amortized_upfront_fee_for_billing_period", number},
	{"reservation_unused_recurring_fee", number},
	{"resource_tags", pairs},
	{"savings_plan_savings_plan_a_r_n", text},
	{"savings_plan_savings_plan_effective_cost", number},
	{"savings_plan_total_commitment_to_date", number},
	{"savings_plan_used_commitment", number},
}

// query is what the export selects.
func query() string {
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM " + sourceTable
}
