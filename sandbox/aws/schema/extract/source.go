package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/cloudinsight/platform/sandbox/aws/schema"
)

// source is the SDK's Go code; files are parsed when first asked for.
type source struct {
	root     string
	packages map[string]*sourcePackage
}

type sourcePackage struct {
	structs map[string]*ast.StructType
	parsed  map[string]*ast.File
}

func (s *source) parse(pkg, pattern string) (*sourcePackage, []*ast.File, error) {
	p := s.packages[pkg]
	if p == nil {
		p = &sourcePackage{structs: map[string]*ast.StructType{}, parsed: map[string]*ast.File{}}
		s.packages[pkg] = p
	}
	paths, err := filepath.Glob(filepath.Join(s.root, pkg, pattern))
	if err != nil || len(paths) == 0 {
		return nil, nil, fmt.Errorf("no file %s in package %q of the SDK", pattern, pkg)
	}
	var files []*ast.File
	for _, path := range paths {
		f := p.parsed[path]
		if f == nil {
			if f, err = parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution); err != nil {
				return nil, nil, err
			}
			p.parsed[path] = f
			ast.Inspect(f, func(n ast.Node) bool {
				if t, ok := n.(*ast.TypeSpec); ok {
					if st, ok := t.Type.(*ast.StructType); ok {
						p.structs[t.Name.Name] = st
					}
				}
				_, isFunc := n.(*ast.FuncDecl)
				return !isFunc
			})
		}
		files = append(files, f)
	}
	return p, files, nil
}

// extractor turns SDK structs into schema objects and collects the nested ones.
type extractor struct {
	sdk   *source
	types map[string]schema.Object
}

var requiredArgument = regexp.MustCompile(`invalid value for required argument '(\w+)'`)

func (x *extractor) resource(pkg, file, name string) (schema.Resource, error) {
	_, files, err := x.sdk.parse(pkg, file+".go")
	if err != nil {
		return schema.Resource{}, err
	}
	// The constructor alone says which lists and maps are required and which outputs are secret.
	required := map[string]bool{}
	var secrets []string
	ast.Inspect(files[0], func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, _ := strconv.Unquote(lit.Value)
			if m := requiredArgument.FindStringSubmatch(text); m != nil {
				required[m[1]] = true
			}
		}
		if call, ok := n.(*ast.CallExpr); ok && selector(call.Fun) == "pulumi.AdditionalSecretOutputs" {
			ast.Inspect(call, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok {
					text, _ := strconv.Unquote(lit.Value)
					secrets = append(secrets, text)
				}
				return true
			})
		}
		return true
	})
	stem := lowerFirst(name)
	inputs, err := x.object(pkg, file, stem+"Args", required)
	if err != nil {
		return schema.Resource{}, err
	}
	outputs, err := x.object(pkg, file, stem+"State", nil)
	if err != nil {
		return schema.Resource{}, err
	}
	return schema.Resource{Inputs: inputs, Outputs: outputs, Secrets: secrets}, nil
}

func (x *extractor) function(pkg, file, name string) (schema.Resource, error) {
	p, _, err := x.sdk.parse(pkg, file+".go")
	if err != nil {
		return schema.Resource{}, err
	}
	stem := strings.ToUpper(name[:1]) + name[1:]
	if p.structs["Lookup"+strings.TrimPrefix(stem, "Get")+"Result"] != nil {
		stem = "Lookup" + strings.TrimPrefix(stem, "Get")
	}
	inputs := schema.Object{}
	if p.structs[stem+"Args"] != nil {
		if inputs, err = x.object(pkg, file, stem+"Args", nil); err != nil {
			return schema.Resource{}, err
		}
	}
	outputs, err := x.object(pkg, file, stem+"Result", nil)
	return schema.Resource{Inputs: inputs, Outputs: outputs}, err
}

// object describes the struct called name, which stands in file or in one of the package's files of nested types.
// Scalars and objects are required when the struct holds them by value, others when required names their field.
func (x *extractor) object(pkg, file, name string, required map[string]bool) (schema.Object, error) {
	p, _, err := x.sdk.parse(pkg, file+".go")
	if err != nil {
		return nil, err
	}
	st := p.structs[name]
	if st == nil {
		return nil, fmt.Errorf("no struct %s", name)
	}
	o := schema.Object{}
	for _, field := range st.Fields.List {
		if field.Tag == nil || len(field.Names) == 0 {
			continue
		}
		tag, _ := strconv.Unquote(field.Tag.Value)
		key := reflect.StructTag(tag).Get("pulumi")
		if key == "" {
			continue
		}
		typ, byValue, err := x.typeOf(pkg, field.Type)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", name, key, err)
		}
		scalar := !typ.IsList() && !typ.IsMap() && typ != "any"
		o[key] = schema.Property{Type: typ, Required: required[field.Names[0].Name] || byValue && scalar && !strings.HasSuffix(name, "Result")}
	}
	return o, nil
}

func (x *extractor) typeOf(pkg string, e ast.Expr) (t schema.Type, byValue bool, err error) {
	switch e := e.(type) {
	case *ast.StarExpr:
		t, _, err = x.typeOf(pkg, e.X)
		return t, false, err
	case *ast.ArrayType:
		t, _, err = x.typeOf(pkg, e.Elt)
		return "[]" + t, true, err
	case *ast.MapType:
		t, _, err = x.typeOf(pkg, e.Value)
		return "map[string]" + t, true, err
	case *ast.InterfaceType:
		return "any", true, nil
	case *ast.SelectorExpr:
		// Assets, archives and enums of other packages.
		return "any", true, nil
	case *ast.Ident:
		switch e.Name {
		case "string", "int", "float64", "bool":
			return schema.Type(e.Name), true, nil
		case "any":
			return "any", true, nil
		}
		return x.nested(pkg, e.Name)
	}
	return "", false, fmt.Errorf("a type that this extractor does not know: %T", e)
}

func (x *extractor) nested(pkg, name string) (schema.Type, bool, error) {
	key := pkg + "." + name
	if pkg == "" {
		key = "aws." + name
	}
	if _, known := x.types[key]; known {
		return schema.Type(key), true, nil
	}
	p, _, err := x.sdk.parse(pkg, "pulumiTypes*.go")
	if err != nil {
		return "", false, err
	}
	if p.structs[name] == nil {
		return "string", true, nil // an enum: the SDK types it, AWS judges it
	}
	x.types[key] = schema.Object{} // a type may hold itself
	o, err := x.object(pkg, "pulumiTypes*", name, nil)
	if err != nil {
		return "", false, err
	}
	x.types[key] = o
	return schema.Type(key), true, nil
}

func selector(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		if id, ok := s.X.(*ast.Ident); ok {
			return id.Name + "." + s.Sel.Name
		}
	}
	return ""
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
