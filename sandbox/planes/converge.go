package planes

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/cloudinsight/platform/sandbox/account"
	"github.com/cloudinsight/platform/sandbox/aws"
	"github.com/cloudinsight/platform/sandbox/cluster"
)

// OfStack names the clusters that a stack has in the account.
func (p Planes) OfStack(stack string) ([]string, error) {
	var names []string
	err := p.account().View(func(s *account.State) error {
		for _, r := range s.OfStack(stack) {
			if r.Type == clusterType {
				names = append(names, r.ID)
			}
		}
		return nil
	})
	return names, err
}

// Converge makes the control planes of a stack what the account says: those of its clusters run, a creation that was
// interrupted is brought to its end, and those that no cluster of the account has any more are removed.
func (p Planes) Converge(ctx context.Context, stack string) error {
	var mine []*account.Resource
	var all []string
	err := p.account().View(func(s *account.State) error {
		for _, r := range s.List(clusterType) {
			all = append(all, r.ID)
		}
		for _, r := range s.OfStack(stack) {
			if r.Type == clusterType {
				mine = append(mine, r)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range mine {
		if err := p.converge(ctx, r); err != nil {
			return err
		}
	}
	dirs, err := cluster.List(filepath.Join(p.Root, "clusters"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if !slices.Contains(all, filepath.Base(dir)) {
			if err := cluster.Remove(ctx, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p Planes) converge(ctx context.Context, r *account.Resource) error {
	if r.String("status") == "ACTIVE" {
		plane, err := p.Open(r.ID)
		if errors.Is(err, cluster.ErrNotFound) {
			return fmt.Errorf("cluster %q: the account has it, but its control plane is gone: remove %s and start anew", r.ID, p.Root)
		}
		if err != nil {
			return err
		}
		return plane.Start(ctx)
	}
	endpoint, authority, err := p.Create(ctx, specOf(r))
	if err != nil {
		return fmt.Errorf("cluster %q: %w", r.ID, err)
	}
	return p.account().Update(func(s *account.State) error {
		if r := s.Get(clusterType, r.ID); r != nil {
			ca := map[string]any{"data": authority}
			r.Props["status"], r.Props["endpoint"] = "ACTIVE", endpoint
			r.Props["certificateAuthority"], r.Props["certificateAuthorities"] = ca, []any{ca}
		}
		return nil
	})
}

// specOf is what the account says of a cluster.
func specOf(r *account.Resource) aws.ClusterSpec {
	spec := aws.ClusterSpec{Name: r.ID, Region: r.Region, Version: r.String("version")}
	if network, ok := r.Props["kubernetesNetworkConfig"].(map[string]any); ok {
		spec.ServiceCIDR, _ = network["serviceIpv4Cidr"].(string)
	}
	if identities, ok := r.Props["identities"].([]any); ok && len(identities) > 0 {
		identity, _ := identities[0].(map[string]any)
		if oidcs, ok := identity["oidcs"].([]any); ok && len(oidcs) > 0 {
			oidc, _ := oidcs[0].(map[string]any)
			spec.OIDCIssuer, _ = oidc["issuer"].(string)
		}
	}
	return spec
}
