package aws

import (
	"regexp"
	"slices"
	"strings"
)

const (
	typeCacheUser      = "aws:elasticache/user:User"
	typeCacheUserGroup = "aws:elasticache/userGroup:UserGroup"

	maxGroupUsers = 100
)

var (
	cacheUserID  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,39}$`)
	accessString = regexp.MustCompile(`^(on|off)( |$)`)
)

// cacheUserKinds are the users of Redis and their groups.
// Rules: https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateUser.html, API_CreateUserGroup.html,
// .../dg/Clusters.RBAC.html, .../dg/auth-iam.html, .../dg/quota-limits.html
var cacheUserKinds = map[string]kind{
	typeCacheUser: {
		replace: []string{"engine", "userId", "userName"},
		rules:   cacheUserRules,
		create: func(c *call) error {
			c.id = c.in.str("userId")
			if c.id == "default" || c.find(typeCacheUser, c.id) != nil {
				return fail("CreateUser", "UserAlreadyExists", "User %s already exists.", c.id)
			}
			c.arn = c.arnOf("elasticache", "user:"+c.id)
			return nil
		},
		remove: func(c *call) error {
			for _, group := range c.holding(typeCacheUserGroup, "userIds", c.id) {
				if c.in.str("userName") == "default" {
					return fail("DeleteUser", "DefaultUserAssociatedToUserGroup", "The default user %s cannot be deleted: it is in the user group %s", c.id, group.ID)
				}
				group.Props["userIds"] = slices.DeleteFunc(asList(group.Props["userIds"]), func(v any) bool { return v == c.id })
			}
			return nil
		},
	},
	typeCacheUserGroup: {
		replace: []string{"userGroupId"},
		rules: func(in props, p *problems) {
			p.identifier(in, "userGroupId", 40)
			p.oneOf(in, "engine", "engine", "redis", "valkey")
			if list, _ := in["userIds"].([]any); len(list) > maxGroupUsers {
				p.add("userIds", "at most %d users, got %d", maxGroupUsers, len(list))
			}
		},
		create: func(c *call) error {
			if c.id = c.in.str("userGroupId"); c.find(typeCacheUserGroup, c.id) != nil {
				return fail("CreateUserGroup", "UserGroupAlreadyExists", "User group %s already exists.", c.id)
			}
			c.arn = c.arnOf("elasticache", "usergroup:"+c.id)
			return checkMembers(c)
		},
		update: checkMembers,
		remove: func(c *call) error {
			for _, user := range c.holding(typeCache, "userGroupIds", c.id) {
				return fail("DeleteUserGroup", "InvalidUserGroupState", "User group %s is associated with the replication group %s", c.id, user.ID)
			}
			return nil
		},
	},
}

func cacheUserRules(in props, p *problems) {
	if n := in.str("userId"); in.known("userId") && !cacheUserID.MatchString(n) {
		p.add("userId", "must match %s, got %q", cacheUserID, n)
	}
	if n := in.str("userName"); in.known("userName") && (len(n) < 1 || len(n) > 120) {
		p.add("userName", "must have 1 to 120 characters, got %d", len(n))
	}
	p.oneOf(in, "engine", "engine", "redis", "valkey")
	if s := in.str("accessString"); in.known("accessString") && !accessString.MatchString(s) {
		p.add("accessString", "must begin with on or off, got %q", s)
	}
	mode := in.object("authenticationMode")
	p.oneOf(mode, "authenticationMode.type", "type", "iam", "no-password-required", "password")
	p.apart(in, "authenticationMode", "noPasswordRequired", "passwords")
	if !in.has("authenticationMode") && !in.has("passwords") && !in.boolean("noPasswordRequired") {
		p.add("authenticationMode", "InvalidParameterCombination: a user needs passwords, IAM, or no password to be required")
	}
	passwords := append(in.strings("passwords"), mode.strings("passwords")...)
	if len(passwords) > 2 {
		p.add("passwords", "at most 2, got %d", len(passwords))
	}
	for _, password := range passwords {
		if len(password) < 16 || len(password) > 128 {
			p.add("passwords", "must have 16 to 128 characters each")
		}
	}
	switch id, name := in.str("userId"), in.str("userName"); mode.str("type") {
	case "iam":
		if in.known("userId") && in.known("userName") && (id != name || id != strings.ToLower(id)) {
			p.add("userName", "InvalidParameterCombination: with IAM authentication user id and user name must be the same, in lower case, got %q and %q", id, name)
		}
		fallthrough
	case "no-password-required":
		if mode.has("passwords") {
			p.add("authenticationMode.passwords", "InvalidParameterCombination: there are none with %s", mode.str("type"))
		}
	case "password":
		if !mode.has("passwords") {
			p.add("authenticationMode.passwords", "is required with type password")
		}
	}
}

// checkMembers: a group has a user of the name default, and no name twice. The user with that id is AWS's own.
func checkMembers(c *call) error {
	const operation = "CreateUserGroup"
	names := map[string]bool{}
	for _, id := range c.in.strings("userIds") {
		name := "default"
		if user := c.find(typeCacheUser, id); user != nil {
			name = user.String("userName")
			if c.in.str("engine") == "redis" && user.String("engine") != "redis" {
				return fail(operation, "InvalidParameterCombination", "User %s is of the engine %s", id, user.String("engine"))
			}
		} else if id != "default" {
			return fail(operation, "UserNotFound", "User %s not found.", id)
		}
		if names[name] {
			return fail(operation, "DuplicateUserName", "User name %s is in the user group twice.", name)
		}
		names[name] = true
	}
	if !names["default"] && c.in.str("engine") == "redis" {
		return fail(operation, "DefaultUserRequired", "Default user needs to be included in the user group.")
	}
	return nil
}

// checkUserGroups of a replication group. IAM came with Redis 7.0.
func checkUserGroups(c *call, operation string) error {
	for _, id := range c.in.strings("userGroupIds") {
		group := c.find(typeCacheUserGroup, id)
		if group == nil {
			return fail(operation, "UserGroupNotFound", "User group %s not found.", id)
		}
		for _, member := range props(group.Props).strings("userIds") {
			user := c.find(typeCacheUser, member)
			if user != nil && props(user.Props).object("authenticationMode").str("type") == "iam" && compareVersions(c.in.str("engineVersion"), "7.0") < 0 {
				return fail(operation, "InvalidParameterCombination", "IAM authentication of %s needs engine version 7.0 or above", member)
			}
		}
	}
	return nil
}
