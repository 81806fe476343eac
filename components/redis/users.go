package redis

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// users makes one user for each service and the group that the cache takes.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html
func (b *builder) users() (*elasticache.UserGroup, error) {
	off, err := b.user(b.args.defaultUser(), "default", "no-password-required", "off -@all")
	if err != nil {
		return nil, fmt.Errorf("default user: %w", err)
	}
	members := pulumi.StringArray{off.UserId}
	for _, name := range b.args.Users {
		// ElastiCache wants id and name of an IAM user to be the same.
		// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
		user, err := b.user(name, name, "iam", accessString(name))
		if err != nil {
			return nil, fmt.Errorf("user %q: %w", name, err)
		}
		members = append(members, user.UserId)
	}
	group, err := elasticache.NewUserGroup(b.ctx, b.name, &elasticache.UserGroupArgs{
		Engine:      pulumi.String("redis"),
		UserGroupId: pulumi.String(b.args.Name),
		UserIds:     members,
		Tags:        b.tags(b.args.Name),
	}, b.parent, pulumi.DeleteBeforeReplace(true))
	if err != nil {
		return nil, fmt.Errorf("user group: %w", err)
	}
	return group, nil
}

// defaultUser is the id of the user that Redis takes everybody for who does not say a name. A group needs one of that
// name; AWS's own may do everything, this one nothing.
func (a *CacheArgs) defaultUser() string { return a.Name + "-default" }

// user is named by its id, which is unique in account and region.
func (b *builder) user(id, name, authentication, access string) (*elasticache.User, error) {
	return elasticache.NewUser(b.ctx, id, &elasticache.UserArgs{
		Engine:             pulumi.String("redis"),
		UserId:             pulumi.String(id),
		UserName:           pulumi.String(name),
		AuthenticationMode: &elasticache.UserAuthenticationModeArgs{Type: pulumi.String(authentication)},
		AccessString:       pulumi.String(access),
		Tags:               b.tags(id),
	}, b.parent, pulumi.DeleteBeforeReplace(true))
}

// accessString lets a user do everything to its own keys that does not reach beyond them: not flush the cache, list
// all keys or change settings. INFO is among the dangerous commands, but health checks of common clients need it. No rule
// makes another one redundant: ElastiCache would answer with a shorter string, and every preview show a change.
func accessString(user string) string {
	return "on ~" + user + ":* +@all -@admin -@dangerous +info"
}
