// Package iam holds AWS policy documents as values: they are built and compared as Go data and become JSON once, at the
// edge. The same value always gives the same text.
package iam

import (
	"encoding/json"
	"maps"
	"slices"
)

// Document is a policy: identity-based, resource-based or trust.
type Document struct {
	Statements []Statement
}

// Statement allows actions, or denies them.
type Statement struct {
	// Sid names the statement (default none).
	Sid string
	// Deny turns the statement from allowing to denying.
	Deny bool
	// Actions such as "s3:GetObject".
	Actions []string
	// Resources as ARNs; none in a trust policy.
	Resources []string
	// Principals that the statement speaks of; none in an identity-based policy.
	Principals Principals
	// Conditions that must all hold.
	Conditions Conditions
}

// Principals are those whom a resource-based or trust policy speaks of.
type Principals struct {
	// AWS accounts, roles and users as ARNs.
	AWS []string
	// Service names such as "eks.amazonaws.com".
	Service []string
	// Federated identity providers as ARNs.
	Federated []string
	// Everyone is anybody at all; use it to deny.
	Everyone bool
}

// Conditions holds values by operator and key: {"Bool": {"aws:SecureTransport": {"false"}}}.
type Conditions map[string]map[string][]string

// And returns the conditions of both; for the same operator and key those of more win.
func (c Conditions) And(more Conditions) Conditions {
	all := Conditions{}
	for _, conditions := range []Conditions{c, more} {
		for operator, keys := range conditions {
			if all[operator] == nil {
				all[operator] = map[string][]string{}
			}
			maps.Copy(all[operator], keys)
		}
	}
	return all
}

// JSON returns the policy as AWS reads it.
func (d Document) JSON() string {
	document := jsonDocument{Version: "2012-10-17", Statement: []jsonStatement{}}
	for _, s := range d.Statements {
		document.Statement = append(document.Statement, s.json())
	}
	text, err := json.Marshal(document)
	if err != nil {
		// Strings, and lists and maps of strings: there is nothing that encoding/json could refuse.
		panic(err)
	}
	return string(text)
}

type jsonDocument struct {
	Version   string
	Statement []jsonStatement
}

type jsonStatement struct {
	Sid       string     `json:",omitempty"`
	Effect    string     `json:""`
	Principal any        `json:",omitempty"`
	Action    []string   `json:",omitempty"`
	Resource  []string   `json:",omitempty"`
	Condition Conditions `json:",omitempty"`
}

func (s Statement) json() jsonStatement {
	effect := "Allow"
	if s.Deny {
		effect = "Deny"
	}
	return jsonStatement{
		Sid:       s.Sid,
		Effect:    effect,
		Principal: s.Principals.json(),
		Action:    sorted(s.Actions),
		Resource:  sorted(s.Resources),
		Condition: s.Conditions,
	}
}

func (p Principals) json() any {
	if p.Everyone {
		return "*"
	}
	named := map[string][]string{}
	for kind, names := range map[string][]string{"AWS": p.AWS, "Service": p.Service, "Federated": p.Federated} {
		if len(names) > 0 {
			named[kind] = sorted(names)
		}
	}
	if len(named) == 0 {
		return nil
	}
	return named
}

// sorted makes the order in which a policy was put together invisible: AWS does not keep it either.
func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }
