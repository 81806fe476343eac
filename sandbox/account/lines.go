package account

import (
	"bytes"
	"encoding/json"
	"errors"
)

// The file is JSON with a resource on each line, so that a change of one resource costs the reading and writing of one:
//
//	{"accountId":"…","identities":[…],"resources":[
//	{"type":"aws:ec2/vpc:Vpc",…},
//	{"type":"aws:ec2/subnet:Subnet",…}
//	]}
var (
	head = []byte(`,"resources":[`)
	tail = []byte(`]}`)
)

// snapshot is a version of the file as it was read. It is shared and not changed.
type snapshot struct {
	accountID  string
	identities []Identity
	resources  []*Resource
	lines      map[*Resource]string // what each was read from
}

// state is the account for one look or one change.
func (s *snapshot) state() *State {
	return &State{
		AccountID: s.accountID, Identities: append([]Identity(nil), s.identities...), Resources: append([]*Resource(nil), s.resources...), shared: s.lines,
	}
}

// decode reads a file, and takes over from the last version of it the resources whose lines are the same.
func decode(raw []byte, last *snapshot) (*snapshot, error) {
	first, rest, found := bytes.Cut(bytes.TrimSpace(raw), []byte("\n"))
	body, ended := bytes.CutSuffix(rest, tail)
	if !found || !bytes.HasSuffix(first, head) || !ended {
		return decodeWhole(raw)
	}
	top := &State{}
	if err := json.Unmarshal(append(bytes.TrimSuffix(first, head), '}'), top); err != nil {
		return nil, err
	}
	known := map[string]*Resource{}
	if last != nil {
		for r, line := range last.lines {
			known[line] = r
		}
		delete(known, "") // laid out by somebody else
	}
	next := &snapshot{accountID: top.AccountID, identities: top.Identities, lines: map[*Resource]string{}}
	for line := range bytes.Lines(body) {
		line = bytes.TrimSuffix(bytes.TrimSpace(line), []byte(","))
		if len(line) == 0 {
			continue
		}
		r := known[string(line)]
		if r == nil {
			r = &Resource{}
			if err := json.Unmarshal(line, r); err != nil {
				return decodeWhole(raw)
			}
		}
		next.resources = append(next.resources, r)
		next.lines[r] = string(line)
	}
	return next, nil
}

// decodeWhole reads a file that somebody has laid out anew.
func decodeWhole(raw []byte) (*snapshot, error) {
	s := &State{}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, err
	}
	whole := &snapshot{accountID: s.AccountID, identities: s.Identities, resources: s.Resources, lines: map[*Resource]string{}}
	for _, r := range s.Resources {
		whole.lines[r] = ""
	}
	return whole, nil
}

// encode writes the account; of what is as it was read it takes the line.
func encode(s *State) ([]byte, error) {
	top, err := json.Marshal(struct {
		AccountID  string     `json:"accountId"`
		Identities []Identity `json:"identities"`
	}{s.AccountID, s.Identities})
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(append(bytes.TrimSuffix(top, []byte("}")), head...))
	for i, r := range s.Resources {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		if line := s.shared[r]; line != "" {
			b.WriteString(line)
			continue
		}
		line, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		if bytes.ContainsRune(line, '\n') {
			return nil, errors.New("a resource must fit a line")
		}
		b.Write(line)
	}
	b.WriteByte('\n')
	b.Write(tail)
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// own is the resource at that place, for whoever asked to read and change it: a shared one is copied first.
func (s *State) own(i int) *Resource {
	r := s.Resources[i]
	if _, shared := s.shared[r]; shared {
		mine := *r
		mine.Props, mine.Inputs = cloneMap(r.Props), cloneMap(r.Inputs)
		s.Resources[i] = &mine
	}
	return s.Resources[i]
}

func cloneMap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	c := make(map[string]any, len(m))
	for k, v := range m {
		c[k] = cloneValue(v)
	}
	return c
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return cloneMap(v)
	case []any:
		c := make([]any, len(v))
		for i, e := range v {
			c[i] = cloneValue(e)
		}
		return c
	default:
		return v
	}
}
