package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"reflect"
	"strings"
	"testing"
	"time"

	"holdfast/core"
	"holdfast/core/actorstore"
	"holdfast/core/anykey"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/internal/redistest"
)

// ids are a row of each source of a Core, by the field or the kind that it is of.
var ids = map[string]string{
	"Buffers": "s", "Actors": "a", "Live": "a", "Generations": "ns:k", "LeaseRows": "ns:1", "KVRows": "db",
	"buffers": "s", "actors": "a", "workers": "ns:p:w", "locks": "lock:x", "records": "ns:k", "pairs": "db:k",
	"generations": "ns:k", "leases": "ns:1", "kv": "db", "documents": "atespace:sp", "AnyKeys": "k",
}

// sourcesOf are what a Core reads and writes with, by field or kind.
func sourcesOf(c *core.Core) map[string]reflect.Value {
	sources, known := map[string]reflect.Value{}, map[any]bool{}
	for field, value := range reflect.ValueOf(c).Elem().Fields() {
		if field.Name != "Conn" && field.Name != "Layouts" && field.Type.Kind() == reflect.Pointer && field.IsExported() {
			sources[field.Name], known[value.Interface()] = value, true
		}
	}
	for _, k := range c.Kinds() {
		for _, source := range []any{k.Source, k.Documents} {
			if source != nil && !known[source] {
				sources[string(k.Name)], known[source] = reflect.ValueOf(source), true
			}
		}
	}
	return sources
}

// given are arguments of the types that methods take, beside names.
var given = []any{
	int64(1), uint64(1), 1, time.Minute, []byte(`{"actorId":"a","workerNamespace":"ns","workerPool":"p","workerPod":"w"}`), json.RawMessage(`{}`), kind.Name("actors"),
	&actorstore.Actor{ActorId: "a", ActorTemplateName: "t", Version: 1},
	&actorstore.Worker{WorkerNamespace: "ns", WorkerPool: "p", WorkerPod: "w", ActorId: "a", Version: 1},
	anykey.Bounds{Elements: 1, Bytes: 1},
	actorstore.Half{Actor: "a", Worker: "ns:p:w", OfActor: true},
}

// callsOf are all methods of a Core's sources that take a context.
func callsOf(t *testing.T, c *core.Core) map[string]func(context.Context) error {
	t.Helper()
	calls := map[string]func(context.Context) error{
		"Conn.Reach":  c.Conn.Reach,
		"Conn.Status": func(ctx context.Context) error { _, err := c.Conn.Status(ctx); return err },
		"Conn.Now":    func(ctx context.Context) error { _, err := c.Conn.Now(ctx); return err },
	}
	for name, source := range sourcesOf(c) {
		if ids[name] == "" {
			t.Fatalf("name a row of %s", name)
		}
		for method, f := range source.Methods() {
			if f.Type().NumIn() == 0 || f.Type().In(0) != reflect.TypeFor[context.Context]() || method.Name == "Run" || // ends no other way
				strings.HasSuffix(method.Name, "As") || // is called by the method without it
				method.Name == "List" && name == "AnyKeys" || method.Name == "Size" && (name == "buffers" || name == "KVRows" || name == "kv") { // asks nobody
				continue
			}
			args := []reflect.Value{{}}
			for i := 1; i < f.Type().NumIn() && !(f.Type().IsVariadic() && i == f.Type().NumIn()-1); i++ {
				args = append(args, argument(t, name+"."+method.Name, f.Type().In(i), ids[name]))
			}
			calls[name+"."+method.Name] = func(ctx context.Context) error {
				out := f.Call(append([]reflect.Value{reflect.ValueOf(ctx)}, args[1:]...))
				return errorOf(out[len(out)-1])
			}
		}
	}
	return calls
}

func argument(t *testing.T, method string, typ reflect.Type, id string) reflect.Value {
	t.Helper()
	switch {
	case typ.Kind() == reflect.String && typ != reflect.TypeFor[kind.Name]():
		return reflect.ValueOf(id).Convert(typ)
	case typ == reflect.TypeFor[[]string]():
		return reflect.ValueOf([]string{id})
	case typ.Kind() == reflect.Func:
		return reflect.MakeFunc(typ, func([]reflect.Value) (out []reflect.Value) {
			for o := range typ.Outs() {
				out = append(out, reflect.Zero(o))
			}
			return out
		})
	}
	for _, one := range given {
		if reflect.TypeOf(one) == typ {
			return reflect.ValueOf(one)
		}
	}
	t.Fatalf("%s takes a %v: give it one", method, typ)
	return reflect.Value{}
}

// errorOf is the error that a call ended with, also as the last of a sequence.
func errorOf(last reflect.Value) error {
	if seq, is := last.Interface().(iter.Seq2[json.RawMessage, error]); is {
		for _, err := range seq {
			if err != nil {
				return err
			}
		}
		return nil
	}
	err, _ := last.Interface().(error)
	return err
}

// While no server answers every call ends with its context, on a connection that was open and on a new one: no timeout ends
// it, which is an hour here.
func TestEveryCallEndsWithItsContext(t *testing.T) {
	server := redistest.Start(t)
	masters := redistest.StartCluster(t)
	seeds := conn.Options{Cluster: true, Timeout: time.Hour}
	for _, m := range masters {
		seeds.URLs = append(seeds.URLs, m.URL())
	}
	for where, on := range map[string]struct {
		reach   conn.Options
		servers []*redistest.Server
	}{
		"single":  {conn.Options{URLs: []string{server.URL()}, Timeout: time.Hour}, []*redistest.Server{server}},
		"cluster": {seeds, masters},
	} {
		for name := range callsOf(t, open(t, core.Options{Conn: on.reach})) {
			t.Run(where+"/"+name, func(t *testing.T) {
				c := open(t, core.Options{Conn: on.reach})
				for _, connected := range []string{"on a new connection", "on an open one"} {
					if connected != "on a new connection" {
						ok(t, c.Conn.Reach(ctx))
						_, err := c.Actors.ListActors(ctx) // of every master
						ok(t, err)
					}
					call := callsOf(t, c)[name]
					for _, s := range on.servers {
						s.Pause()
					}
					ctx, cancel := context.WithCancel(ctx)
					done := make(chan error, 1)
					go func() { done <- call(ctx) }()
					select {
					case err := <-done:
						t.Errorf("%s it returned %v while its context went on", connected, err)
						done <- context.Canceled
					case <-time.After(10 * time.Millisecond):
					}
					cancel()
					if err := <-done; !errors.Is(err, context.Canceled) {
						t.Errorf("%s it returned %v", connected, err)
					}
					for _, s := range on.servers {
						s.Resume()
					}
				}
			})
		}
	}
}
