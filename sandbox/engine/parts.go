package engine

import "strings"

// part names what a resource belongs to as cloudinsight:protection.unprotected does: by the package of its component, such
// as "rds". Of keys and buckets a stack has many, so those are named further, by what follows the environment in the
// resource's name: "keys.data", "storage.costData". A resource outside components is named by its own type.
func part(urn string) string {
	pkg, rest := partAndRest(urn)
	full := pkg + "." + camelCase(rest)
	switch {
	case joint[full] != "":
		return joint[full]
	case rest != "" && (pkg == "keys" || pkg == "storage"):
		return full
	}
	return pkg
}

// joint are the resources that only go together with others, and the part that they are.
var joint = map[string]string{
	"storage.recoveryAccessLogs": "storage.accessLogs",
	"storage.replicaAssets":      "storage.replicas",
	"storage.replicaBackups":     "storage.replicas",
	"backup.recovery":            "recovery",
}

// camelCase joins the words of a name: cost-data is costData.
func camelCase(name string) string {
	words := strings.Split(name, "-")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:min(1, len(word))]) + word[min(1, len(word)):]
	}
	return strings.Join(words, "")
}

// partAndRest splits what a URN says of the component around a resource: its package, and what follows
// PROJECT-ENVIRONMENT in the resource's own name.
func partAndRest(urn string) (pkg, rest string) {
	fields := strings.SplitN(urn, "::", 4)
	if len(fields) < 4 {
		return urn, ""
	}
	stack, project, name := strings.TrimPrefix(fields[0], "urn:pulumi:"), fields[1], fields[3]
	types := strings.Split(fields[2], "$")
	for _, typ := range types {
		if token := strings.Split(typ, ":"); len(token) == 3 && token[0] == project {
			pkg = token[1]
		}
	}
	if pkg == "" {
		return shortType(types[len(types)-1]), ""
	}
	rest, found := strings.CutPrefix(name, project+"-"+stack+"-")
	if !found {
		return pkg, ""
	}
	return pkg, rest
}
