package aws

import (
	"encoding/base64"
	"fmt"
	"regexp"
)

const (
	typeLaunchTemplate = "aws:ec2/launchTemplate:LaunchTemplate"
	typePlacementGroup = "aws:ec2/placementGroup:PlacementGroup"
)

var templateName = regexp.MustCompile(`^[a-zA-Z0-9()./_-]{3,128}$`)

// computeKinds are what node groups are launched from.
// Rules: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html
// and https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html.
var computeKinds = map[string]kind{
	typeLaunchTemplate: {
		name: "name", nameMax: 128,
		replace: []string{"name", "namePrefix"},
		rules:   launchTemplateRules,
		create: func(c *call) error {
			for _, other := range c.byProp(typeLaunchTemplate, "name", c.in.str("name")) {
				return fail("CreateLaunchTemplate", "InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use: %s (%s)", c.in.str("name"), other.ID)
			}
			if err := checkTemplateGroups(c); err != nil {
				return err
			}
			c.id = newID("lt")
			c.arn = c.arnOf("ec2", "launch-template/"+c.id)
			c.out = props{"latestVersion": 1.0}
			if !c.in.has("defaultVersion") {
				c.out["defaultVersion"] = 1.0
			}
			return nil
		},
		update: func(c *call) error {
			if err := checkTemplateGroups(c); err != nil {
				return err
			}
			latest := c.old.number("latestVersion") + 1
			c.out["latestVersion"] = float64(latest)
			if c.in.boolean("updateDefaultVersion") {
				c.out["defaultVersion"] = float64(latest)
			}
			return nil
		},
	},
	typePlacementGroup: {
		name: "name", nameMax: 255,
		replace: []string{"name", "strategy", "partitionCount", "spreadLevel"},
		rules: func(in props, p *problems) {
			p.oneOf(in, "strategy", "strategy", "cluster", "partition", "spread")
			p.between(in, "partitionCount", "partitionCount", 1, 7)
			if in.has("partitionCount") && in.str("strategy") != "partition" {
				p.add("partitionCount", "only a partition placement group has partitions")
			}
		},
		create: func(c *call) error {
			name := c.in.str("name")
			if c.find(typePlacementGroup, name) != nil {
				return fail("CreatePlacementGroup", "InvalidPlacementGroup.Duplicate", "The placement group '%s' already exists", name)
			}
			c.id = name
			c.arn = c.arnOf("ec2", "placement-group/"+name)
			c.out = props{"placementGroupId": newID("pg")}
			return nil
		},
		remove: func(c *call) error {
			for _, t := range c.inRegion(typeLaunchTemplate) {
				if props(t.Props).object("placement").str("groupName") == c.id {
					for _, g := range c.inRegion(typeNodeGroup) {
						if props(g.Props).object("launchTemplate").str("id") == t.ID {
							return fail("DeletePlacementGroup", "InvalidPlacementGroup.InUse", "The placement group '%s' is in use by %s", c.id, g.ID)
						}
					}
				}
			}
			return nil
		},
	},
}

func launchTemplateRules(in props, p *problems) {
	if n := in.str("name"); in.known("name") && !templateName.MatchString(n) {
		p.add("name", "must match %s, got %q", templateName, n)
	}
	metadata := in.object("metadataOptions")
	p.oneOf(metadata, "metadataOptions.httpTokens", "httpTokens", "optional", "required")
	p.oneOf(metadata, "metadataOptions.httpEndpoint", "httpEndpoint", "enabled", "disabled")
	p.oneOf(metadata, "metadataOptions.instanceMetadataTags", "instanceMetadataTags", "enabled", "disabled")
	p.between(metadata, "metadataOptions.httpPutResponseHopLimit", "httpPutResponseHopLimit", 1, 64)
	if data := in.str("userData"); data != "" {
		raw, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			p.add("userData", "must be base64: %v", err)
		} else if len(raw) > 16384 {
			p.add("userData", "has at most 16 KiB, got %d bytes", len(raw))
		}
	}
	for i, device := range in.objects("blockDeviceMappings") {
		path := fmt.Sprintf("blockDeviceMappings[%d].ebs", i)
		ebs := device.object("ebs")
		p.oneOf(ebs, path+".volumeType", "volumeType", "gp2", "gp3", "io1", "io2", "sc1", "st1", "standard")
		p.oneOf(ebs, path+".encrypted", "encrypted", "true", "false")
		if ebs.str("volumeType") == "gp3" {
			p.between(ebs, path+".volumeSize", "volumeSize", 1, 65536)
			p.between(ebs, path+".iops", "iops", 3000, 80000)
			p.between(ebs, path+".throughput", "throughput", 125, 2000)
		}
	}
	for i, spec := range in.objects("tagSpecifications") {
		path := fmt.Sprintf("tagSpecifications[%d].resourceType", i)
		p.oneOf(spec, path, "resourceType", "instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu")
	}
}

func checkTemplateGroups(c *call) error {
	for _, id := range c.in.strings("vpcSecurityGroupIds") {
		if c.find(typeSecurityGroup, id) == nil {
			return fail("CreateLaunchTemplate", "InvalidGroup.NotFound", "The security group '%s' does not exist", id)
		}
	}
	if name := c.in.object("placement").str("groupName"); name != "" && c.find(typePlacementGroup, name) == nil {
		return fail("CreateLaunchTemplate", "InvalidPlacementGroup.Unknown", "The placement group '%s' is unknown", name)
	}
	return nil
}
