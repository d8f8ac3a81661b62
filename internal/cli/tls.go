package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"holdfast/core/files"
)

// maxPEM is above every bundle of certificates.
const maxPEM = 16 << 20

// tls is what the --tls flags ask for; nil where none is given: then rediss:// means TLS with the system's certificates.
func (o options) tls(ctx context.Context) (*tls.Config, error) {
	if (o.tlsCert == "") != (o.tlsKey == "") {
		return nil, fmt.Errorf("%w: --tls-cert and --tls-key go together", errUsage)
	}
	if o.tlsCA == "" && o.tlsCert == "" && o.tlsName == "" {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.tlsName}
	if o.tlsCA != "" {
		text, err := files.Read(ctx, o.tlsCA, maxPEM)
		if err != nil {
			return nil, fmt.Errorf("--tls-ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(bytes.TrimPrefix(text, byteOrderMark)) {
			return nil, fmt.Errorf("--tls-ca: %s holds no certificate in PEM", o.tlsCA)
		}
	}
	if o.tlsCert != "" {
		cert, err := files.Read(ctx, o.tlsCert, maxPEM)
		if err != nil {
			return nil, fmt.Errorf("--tls-cert: %w", err)
		}
		key, err := files.Read(ctx, o.tlsKey, maxPEM)
		if err != nil {
			return nil, fmt.Errorf("--tls-key: %w", err)
		}
		own, err := tls.X509KeyPair(bytes.TrimPrefix(cert, byteOrderMark), bytes.TrimPrefix(key, byteOrderMark))
		if err != nil {
			return nil, fmt.Errorf("--tls-cert, --tls-key: %w", err)
		}
		c.Certificates = []tls.Certificate{own}
	}
	return c, nil
}
