package aws

import (
	"fmt"

	"github.com/cloudinsight/platform/sandbox/account"
)

const (
	typeCachePolicy   = "aws:cloudfront/cachePolicy:CachePolicy"
	typeOriginPolicy  = "aws:cloudfront/originRequestPolicy:OriginRequestPolicy"
	typeHeadersPolicy = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
)

// edgeManaged are CloudFront's own, by id.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html,
// using-managed-origin-request-policies.html and using-managed-response-headers-policies.html.
var edgeManaged = map[string]map[string]string{
	typeCachePolicy: {
		"4135ea2d-6df8-44a3-9df3-4b5a84be39ad": "Managed-CachingDisabled",
		"658327ea-f89d-4fab-a63d-7e88639e58f6": "Managed-CachingOptimized",
		"b2884449-e4de-46a7-ac36-70bc7f1ddd6d": "Managed-CachingOptimizedForUncompressedObjects",
		"83da9c7e-98b4-4e11-a168-04f0df8e2c65": "UseOriginCacheControlHeaders",
		"4cc15a8a-d715-48a4-82b8-cc0b614638fe": "UseOriginCacheControlHeaders-QueryStrings",
		"2e54312d-136d-493c-8eb9-b001f22f67d2": "Managed-Amplify",
		"08627262-05a9-4f76-9ded-b50ca2e3a84f": "Managed-Elemental-MediaPackage",
	},
	typeOriginPolicy: {
		"216adef6-5c7f-47e4-b989-5492eafa07d3": "Managed-AllViewer",
		"b689b0a8-53d0-40ab-baf2-68738e2966ac": "Managed-AllViewerExceptHostHeader",
		"33f36d7e-f396-46d9-90e0-52428a34d9dc": "Managed-AllViewerAndCloudFrontHeaders-2022-06",
		"59781a5b-3903-41f3-afcb-af62929ccde1": "Managed-CORS-CustomOrigin",
		"88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": "Managed-CORS-S3Origin",
		"acba4595-bd28-49b8-b9fe-13317c0390fa": "Managed-UserAgentRefererHeaders",
	},
	typeHeadersPolicy: {
		"60669652-455b-4ae9-85a4-c4c02393f86c": "Managed-SimpleCORS",
		"5cc3b908-e619-4b99-88e5-2cf7f45965bd": "Managed-CORS-With-Preflight",
		"67f7725c-6f97-4210-82d7-5512b31e9d03": "Managed-SecurityHeadersPolicy",
		"e61eb60c-9c35-4d20-a928-2b84e02af89c": "Managed-CORS-and-SecurityHeadersPolicy",
		"eaab4381-ed33-4a86-88ca-d9558dc6cd63": "Managed-CORS-with-preflight-and-SecurityHeadersPolicy",
	},
}

// hasPolicy says whether CloudFront or the account has the policy.
func hasPolicy(s *account.State, typ, id string) bool {
	return edgeManaged[typ][id] != "" || s.GetIn("", typ, id) != nil
}

// edgePolicy answers a look-up by id or name. Of CloudFront's own policies it tells no more than those two.
func (p *Provider) edgePolicy(typ string, in props) (map[string]any, error) {
	id, name := in.str("id"), in.str("name")
	if (id == "") == (name == "") {
		return nil, fmt.Errorf("exactly one of id, name must be set")
	}
	for _, managed := range sortedKeys(edgeManaged[typ]) {
		if has := edgeManaged[typ][managed]; managed == id || has == name {
			return map[string]any{"id": managed, "name": has}, nil
		}
	}
	var out map[string]any
	err := p.account.Update(func(s *account.State) error {
		for _, r := range s.List(typ) {
			if r.ID == id || r.String("name") == name {
				out = map[string]any{"id": r.ID, "name": r.String("name"), "arn": r.ARN, "comment": r.String("comment"), "etag": r.String("etag")}
			}
		}
		return nil
	})
	if err == nil && out == nil {
		err = fmt.Errorf("no CloudFront policy matches: %s%s", name, id)
	}
	return out, err
}

// originFacing is the list of CloudFront's addresses that ask origins, by region.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html#managed-prefix-list
var originFacing = map[string]string{"af-south-1": "pl-c0aa4fa9", "eu-west-1": "pl-4fa04526", "us-east-1": "pl-3b927c52"}

const (
	originFacingName = "com.amazonaws.global.cloudfront.origin-facing"
	// originFacingWeight is how many rules a security group rule with the list counts for.
	// https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
	originFacingWeight = 55
	// groupQuota is the number of rules in one direction: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
	groupQuota = 60
)

// managedPrefixList answers by name or id.
func (p *Provider) managedPrefixList(in props) (map[string]any, error) {
	if in.has("filters") || in.has("tags") {
		return nil, fmt.Errorf("aws stand-in: getManagedPrefixList knows name and id, not filters and tags")
	}
	id := originFacing[p.region]
	if id == "" || in.str("name") != originFacingName && in.str("id") != id || in.has("id") && in.str("id") != id {
		return nil, fmt.Errorf("no matching EC2 Managed Prefix List found: the stand-in knows %s, got %q", originFacingName, in.str("name")+in.str("id"))
	}
	return map[string]any{
		"id": id, "name": originFacingName, "arn": "arn:aws:ec2:" + p.region + ":aws:prefix-list/" + id, "addressFamily": "IPv4",
		"ownerId": "AWS", "maxEntries": float64(originFacingWeight), "version": 1.0, "tags": map[string]any{}, "entries": []any{},
	}, nil
}
