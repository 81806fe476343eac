package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
)

var (
	imageTag    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
	imageDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// maxStabilizationSeconds is Kubernetes' limit.
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
const maxStabilizationSeconds = 3600

func (j *judge) apps() {
	a := j.config.Apps
	j.extraServices(a.ExtraServices)
	names := j.services
	for _, extra := range a.ExtraServices {
		names = append(slices.Clone(names), extra.Name)
	}
	if a.Replicas < 1 {
		j.add("apps.replicas", "must be at least 1, got %d", a.Replicas)
	}
	if !a.Autoscaling.Disabled {
		j.autoscaling(a)
	}
	for _, service := range slices.Sorted(maps.Keys(a.Images)) {
		j.image("apps.images."+service, service, a.Images[service], slices.Concat(names, j.jobs))
	}
	for _, service := range slices.Sorted(maps.Keys(a.Services)) {
		j.override("apps.services."+service, service, a.Services[service], names)
	}
	j.quantity("apps.quota.cpu", a.Quota.CPU)
	j.quantity("apps.quota.memory", a.Quota.Memory)
	if a.Quota.Pods < 0 {
		j.add("apps.quota.pods", "must not be negative, got %d", a.Quota.Pods)
	}
}

func (j *judge) extraServices(extras []ExtraService) {
	taken := slices.Concat(j.services, j.jobs)
	for i, extra := range extras {
		at := fmt.Sprintf("apps.extraServices[%d]", i)
		if slices.Contains(taken, extra.Name) {
			j.add(at+".name", "must be taken by no other service, got %q", extra.Name)
		}
		taken = append(taken, extra.Name)
		j.name(at+".name", extra.Name)
		// A process without privileges cannot listen below 1024.
		j.between(at+".port", 1024, 65535, extra.Port)
		if extra.Runtime == "" {
			j.add(at+".runtime", "is required, one of jvm, node")
		}
	}
}

func (j *judge) autoscaling(a Apps) {
	const path = "apps.autoscaling"
	s := a.Autoscaling
	if a.QoS == BestEffort {
		j.add(path, "needs requests to measure use against, which apps.qos bestEffort does not set; set %s.disabled or another apps.qos", path)
		return
	}
	switch {
	case s.Min < 1:
		j.add(path+".min", "must be at least 1, got %d", s.Min)
	case s.Min > s.Max:
		j.add(path+".min", "must not be above max %d, got %d", s.Max, s.Min)
	case a.Replicas < s.Min || a.Replicas > s.Max:
		j.add("apps.replicas", "must be between %s.min %d and max %d, got %d", path, s.Min, s.Max, a.Replicas)
	}
	j.between(path+".cpuPercent", 1, 100, s.CPUPercent)
	j.between(path+".memoryPercent", 1, 100, s.MemoryPercent)
	j.between(path+".scaleUpStabilizationSeconds", 0, maxStabilizationSeconds, s.ScaleUpStabilizationSeconds)
	j.between(path+".scaleDownStabilizationSeconds", 0, maxStabilizationSeconds, s.ScaleDownStabilizationSeconds)
}

func (j *judge) image(path, service, image string, names []string) {
	j.known(path, service, names, "service")
	if image == "latest" || !imageTag.MatchString(image) && !imageDigest.MatchString(image) {
		j.add(path, "must be a tag other than latest, or a digest such as sha256:…, got %q", image)
	}
}

func (j *judge) override(path, service string, o ServiceOverride, names []string) {
	j.known(path, service, names, "service")
	for key, count := range map[string]int{"replicas": o.Replicas, "minReplicas": o.MinReplicas, "maxReplicas": o.MaxReplicas} {
		if count < 0 {
			j.add(path+"."+key, "must not be negative, got %d", count)
		}
	}
	s := j.config.Apps.Autoscaling
	if s.Disabled {
		for key, count := range map[string]int{"minReplicas": o.MinReplicas, "maxReplicas": o.MaxReplicas} {
			if count > 0 {
				j.add(path+"."+key, "needs an autoscaler, which apps.autoscaling.disabled takes away, got %d", count)
			}
		}
	} else if o.Replicas != 0 || o.MinReplicas != 0 || o.MaxReplicas != 0 {
		low, high := or(o.MinReplicas, s.Min), or(o.MaxReplicas, s.Max)
		replicas := or(o.Replicas, j.config.Apps.Replicas)
		switch {
		case low > high:
			j.add(path+".minReplicas", "must not be above maxReplicas %d, got %d", high, low)
		case replicas < low || replicas > high:
			j.add(path+".replicas", "must be between minReplicas %d and maxReplicas %d, got %d", low, high, replicas)
		}
	}
	j.quantity(path+".cpu", o.CPU)
	j.quantity(path+".memory", o.Memory)
}

// quantity judges an amount of CPU or memory that may be absent. Pods without requests would be refused by a quota on
// them, and with requests they would not be of the class bestEffort.
func (j *judge) quantity(path, text string) {
	if text == "" {
		return
	}
	if quantity, err := resource.ParseQuantity(text); err != nil || quantity.Sign() <= 0 {
		j.add(path, "must be a positive Kubernetes quantity such as 500m or 1Gi, got %q", text)
	}
	if j.config.Apps.QoS == BestEffort {
		j.add(path, "has no meaning for pods of apps.qos bestEffort, got %q", text)
	}
}

func or(value, otherwise int) int {
	if value != 0 {
		return value
	}
	return otherwise
}
