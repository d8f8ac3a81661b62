package cli

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/redistest"
)

// authority signs certificates for one test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	ca   string // its certificate, as a file
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	self := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.ca, _ = a.sign(self)
	return a
}

// sign makes a key and a certificate of it, and returns the files that they are in.
func (a *authority) sign(c *x509.Certificate) (cert, key string) {
	a.t.Helper()
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, own
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &own.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.cert == nil {
		a.key = own
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			a.t.Fatal(err)
		}
	}
	text := func(kind string, b []byte) string {
		return file(a.t, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})))
	}
	return text("CERTIFICATE", der), text("PRIVATE KEY", secret)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	a, stranger := newAuthority(t), newAuthority(t)
	cert, key := a.sign(&x509.Certificate{SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
	mine, myKey := a.sign(&x509.Certificate{SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "operator"}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	l.Close()
	s := redistest.Start(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", a.ca, "--tls-auth-clients", "yes")
	if err := s.Client(t).Set(ctx, "gen:ns:k", 7, 0).Err(); err != nil {
		t.Fatal(err)
	}
	get := func(args ...string) answer {
		t.Helper()
		return holdfast(t, append(args, "get", "generations", "-o", "jsonl")...)
	}
	want := `{"namespace":"ns","key":"k","generation":7,"ttl_ms":-1,"layout":null,"fence":null}` + "\n"
	for _, url := range []string{"rediss://" + addr, "redis://" + addr} {
		if got := get("--url", url, "--tls-ca", a.ca, "--tls-cert", mine, "--tls-key", myKey).ok(t); got != want {
			t.Errorf("%s: %s", url, got)
		}
	}
	environ := []string{"HOLDFAST_TLS_CA=" + a.ca, "HOLDFAST_TLS_CERT=" + mine, "HOLDFAST_TLS_KEY=" + myKey, "HOLDFAST_URL=rediss://" + addr}
	if got := holdfastWith(t, environ, "get", "generations", "-o", "jsonl").ok(t); got != want {
		t.Errorf("%s", got)
	}

	both := []string{"--url", "rediss://" + addr, "--tls-cert", mine, "--tls-key", myKey}
	get(append(both, "--tls-ca", stranger.ca)...).want(t, failed, addr, "certificate signed by unknown authority")
	get(both...).want(t, failed, addr, "certificate signed by unknown authority")
	if a := get("--url", "rediss://"+addr, "--tls-ca", a.ca); a.code == done { // no certificate of ours
		t.Errorf("exit %d, %q", a.code, a.errors)
	}
}

// Behind a port forward the certificate carries another name than the URL; files may begin with a byte order mark, and a
// URL's skip_verify holds beside the flags.
func TestTLSBehindAPortForward(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	cert, key := a.sign(&x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{"redis.test"}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	l.Close()
	s := redistest.Start(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", a.ca, "--tls-auth-clients", "no")
	if err := s.Client(t).ConfigSet(ctx, "requirepass", "secret").Err(); err != nil {
		t.Fatal(err)
	}
	marked := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return file(t, "\ufeff"+string(text))
	}
	args := []string{"get", "generations", "-o", "jsonl", "--tls-ca", marked(a.ca), "--password-file", file(t, "\ufeffsecret\r\n")}
	holdfast(t, append(args, "--url", "rediss://"+addr)...).want(t, failed, "127.0.0.1")
	holdfast(t, append(args, "--url", "rediss://"+addr, "--tls-server-name", "redis.test")...).ok(t)
	holdfast(t, append(args, "--url", "rediss://"+addr+"?skip_verify=true")...).ok(t)
	holdfast(t, append(args, "--url", "rediss://"+addr, "--tls-server-name", "another.test")...).want(t, failed, "another.test")
}

func TestTLSFlagsThatCannotBe(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.sign(&x509.Certificate{SerialNumber: big.NewInt(2)})
	none := filepath.Join(t.TempDir(), "none")
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"cert without key":     {[]string{"--tls-cert", cert}, wrongUsage, "--tls-cert and --tls-key go together"},
		"key without cert":     {[]string{"--tls-key", key}, wrongUsage, "--tls-cert and --tls-key go together"},
		"no file":              {[]string{"--tls-ca", none}, failed, "--tls-ca: stat " + none},
		"no certificate in it": {[]string{"--tls-ca", key}, failed, "holds no certificate"},
		"no cert file":         {[]string{"--tls-cert", none, "--tls-key", key}, failed, "--tls-cert: stat " + none},
		"no key file":          {[]string{"--tls-cert", cert, "--tls-key", none}, failed, "stat " + none},
		"another's key":        {[]string{"--tls-cert", a.ca, "--tls-key", key}, failed, "private key does not match"},
	} {
		a := holdfast(t, append(tt.args, "get", "actors", "--url", "rediss://127.0.0.1:1")...)
		if first, _, _ := strings.Cut(a.errors, "\n"); a.code != tt.code || a.out != "" || !strings.Contains(first, tt.says) {
			t.Errorf("%s: exit %d, %q; want %q", name, a.code, first, tt.says)
		}
	}
}

func TestASentinelTellsWhereTheMasterIs(t *testing.T) {
	s := redistest.Start(t)
	if err := s.Client(t).Set(ctx, "gen:ns:k", 7, 0).Err(); err != nil {
		t.Fatal(err)
	}
	sentinel := redistest.Sentinel(t, "main", s)
	args := []string{"--url", sentinel.URL(), "--sentinel-master", "main"}
	if got := holdfast(t, append(args, "bump", "ns", "k")...).ok(t); got != "8\n" {
		t.Errorf("%q", got)
	}
	if got := s.Client(t).Get(ctx, "gen:ns:k").Val(); got != "8" {
		t.Errorf("%q on the master", got)
	}
	a := holdfast(t, "--url", sentinel.URL(), "--sentinel-master", "other", "get", "actors")
	if l := a.line(t); a.code == done || !strings.Contains(l, sentinel.Addr) {
		t.Errorf("exit %d, %q", a.code, l)
	}
	if a := holdfast(t, append(args, "--cluster", "get", "actors")...); a.code != wrongUsage {
		t.Errorf("exit %d, %q", a.code, a.errors)
	}
	s.Kill()
	if a := holdfast(t, append(args, "get", "actors")...); a.code != unreachable {
		t.Errorf("exit %d, %q", a.code, a.errors)
	}
}
