package kvstore

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"math"
)

// A snapshot is a stream, the same for every engine and for backup files. Fixed numbers are big-endian, lengths and
// expiries are unsigned varints:
//
//	preamble  magic (8 bytes), format version (4), CRC-32C of the 12 bytes before (4); the same in all versions
//	header    the database's last committed change (8), its last applied change of a master (8); since version 2 the
//	          identities of the two histories that these count in, each with its length (1) before it
//	pairs     key length (1..MaxKey), key, value length, value, expiry; keys ascend, none twice
//	trailer   key length 0, number of pairs (8), SHA-256 of all bytes before (32)
const (
	snapshotMagic   = "hfkvsnap"
	snapshotVersion = 2
	preambleSize    = len(snapshotMagic) + 4 + 4
	headerSize      = 8 + 8
	trailerSize     = 1 + 8 + sha256.Size
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// SnapshotHeader says which moment of which history a snapshot shows.
type SnapshotHeader struct {
	Change  uint64 // GetLatestCommittedChangeNumber at that moment
	Applied uint64 // GetLatestAppliedChangeNumber at that moment; 0 unless the database is a replica

	History, AppliedHistory string // what the two count in (Historian); empty if it is not known
}

// SnapshotWriter writes the pairs of a snapshot. It buffers nothing: give it a writer that does.
type SnapshotWriter struct {
	to      io.Writer
	sum     hash.Hash
	scratch []byte
	last    []byte
	count   uint64
}

// NewSnapshotWriter begins a snapshot. An identity of more than MaxHistory bytes is ErrSnapshot.
func NewSnapshotWriter(w io.Writer, h SnapshotHeader) (*SnapshotWriter, error) {
	s := &SnapshotWriter{to: w, sum: sha256.New()}
	b := binary.BigEndian.AppendUint32([]byte(snapshotMagic), snapshotVersion)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	b = binary.BigEndian.AppendUint64(b, h.Change)
	b = binary.BigEndian.AppendUint64(b, h.Applied)
	for _, history := range []string{h.History, h.AppliedHistory} {
		if len(history) > MaxHistory {
			return nil, fmt.Errorf("history of %d bytes: %w", len(history), ErrSnapshot)
		}
		b = append(append(b, byte(len(history))), history...)
	}
	return s, s.write(b)
}

func (s *SnapshotWriter) write(b []byte) error {
	s.sum.Write(b)
	_, err := s.to.Write(b)
	return err
}

// Add appends a pair; its key must come after the one before it (ErrSnapshot) and be of a legal length (ErrKey), its
// expiry within bounds (ErrExpireTS).
func (s *SnapshotWriter) Add(p *KVPair) error {
	if err := CheckKey(p.Key); err != nil {
		return err
	}
	if p.ExpireTS > MaxExpireTS {
		return fmt.Errorf("%w: %d", ErrExpireTS, p.ExpireTS)
	}
	if s.count > 0 && bytes.Compare(p.Key, s.last) <= 0 {
		return fmt.Errorf("key %q after %q: %w", p.Key, s.last, ErrSnapshot)
	}
	s.last = append(s.last[:0], p.Key...)
	s.count++
	b := binary.AppendUvarint(s.scratch[:0], uint64(len(p.Key)))
	b = append(b, p.Key...)
	b = binary.AppendUvarint(b, uint64(len(p.Value)))
	if len(p.Value) > 1<<20 { // not through scratch, which stays
		if err := s.write(b); err != nil {
			return err
		}
		if err := s.write(p.Value); err != nil {
			return err
		}
		b = b[:0]
	} else {
		b = append(b, p.Value...)
	}
	s.scratch = binary.AppendUvarint(b, p.ExpireTS)
	return s.write(s.scratch)
}

// Close ends the snapshot, which is not whole before. It does not close the writer below.
func (s *SnapshotWriter) Close() error {
	b := binary.BigEndian.AppendUint64([]byte{0}, s.count)
	s.sum.Write(b)
	_, err := s.to.Write(s.sum.Sum(b))
	return err
}

// SnapshotReader reads a snapshot. Nothing it returns is to be trusted before Next has returned io.EOF: only then has
// the checksum been seen to fit. OpenSnapshot and OpenSnapshotFile give readers of what was verified already.
type SnapshotReader struct {
	SnapshotHeader
	from  *bufio.Reader
	sum   hash.Hash
	frame []byte // the bytes of one pair that the checksum has yet to see
	last  []byte
	count uint64
	err   error // what every further Next returns
}

// NewSnapshotReader begins to read: ErrSnapshot if this is no snapshot, ErrVersion if it is one of a newer format.
func NewSnapshotReader(r io.Reader) (*SnapshotReader, error) {
	s := &SnapshotReader{from: bufio.NewReaderSize(r, 64<<10), sum: sha256.New()}
	var b [preambleSize + headerSize]byte
	if _, err := io.ReadFull(s.from, b[:preambleSize]); err != nil {
		return nil, broken("preamble", err)
	}
	signed, check := b[:preambleSize-4], b[preambleSize-4:preambleSize]
	if string(b[:len(snapshotMagic)]) != snapshotMagic || crc32.Checksum(signed, castagnoli) != binary.BigEndian.Uint32(check) {
		return nil, broken("preamble", nil)
	}
	version := binary.BigEndian.Uint32(signed[len(snapshotMagic):])
	switch {
	case version > snapshotVersion:
		return nil, fmt.Errorf("format version %d, this program reads up to %d: %w", version, snapshotVersion, ErrVersion)
	case version == 0:
		return nil, broken("preamble", nil)
	}
	if _, err := io.ReadFull(s.from, b[preambleSize:]); err != nil {
		return nil, broken("header", err)
	}
	s.sum.Write(b[:])
	s.Change = binary.BigEndian.Uint64(b[preambleSize:])
	s.Applied = binary.BigEndian.Uint64(b[preambleSize+8:])
	if max(s.Change, s.Applied) > MaxChangeNumber {
		return nil, broken("header", nil)
	}
	if version == 1 { // without identities
		return s, nil
	}
	for _, history := range []*string{&s.History, &s.AppliedHistory} {
		length, err := s.from.ReadByte()
		if err != nil {
			return nil, broken("header", err)
		}
		if length > MaxHistory {
			return nil, broken("header", nil)
		}
		s.frame = append(s.frame, length)
		text, err := s.bytes(uint64(length))
		if err != nil {
			return nil, broken("header", err)
		}
		*history = string(text)
	}
	return s, nil
}

// Next returns the next pair, which is the caller's; io.EOF after the last one if the whole stream was in order, and
// ErrSnapshot where it is not. A failure of the reader below is returned as it is.
func (s *SnapshotReader) Next() (*KVPair, error) {
	if s.err != nil {
		return nil, s.err
	}
	p, err := s.next()
	s.err = err
	return p, err
}

func (s *SnapshotReader) next() (*KVPair, error) {
	s.frame = s.frame[:0]
	length, err := s.uvarint()
	if err != nil {
		return nil, broken("key", err)
	}
	if length == 0 {
		return nil, s.trailer()
	}
	if length > MaxKey {
		return nil, broken("key", nil)
	}
	p := &KVPair{}
	if p.Key, err = s.bytes(length); err != nil {
		return nil, broken("key", err)
	}
	if s.count > 0 && bytes.Compare(p.Key, s.last) <= 0 {
		return nil, broken("order of keys", nil)
	}
	if length, err = s.uvarint(); err != nil {
		return nil, broken("value", err)
	}
	if p.Value, err = s.bytes(length); err != nil {
		return nil, broken("value", err)
	}
	if p.ExpireTS, err = s.uvarint(); err != nil {
		return nil, broken("expiry", err)
	}
	if p.ExpireTS > MaxExpireTS {
		return nil, broken("expiry", nil)
	}
	s.sum.Write(s.frame)
	s.last = append(s.last[:0], p.Key...)
	s.count++
	return p, nil
}

func (s *SnapshotReader) trailer() error {
	var b [trailerSize]byte // b[0] is the key length 0, read already
	if _, err := io.ReadFull(s.from, b[1:]); err != nil {
		return broken("trailer", err)
	}
	s.sum.Write(b[:9])
	if binary.BigEndian.Uint64(b[1:]) != s.count || !bytes.Equal(b[9:], s.sum.Sum(nil)) {
		return broken("checksum", nil)
	}
	switch _, err := s.from.ReadByte(); err {
	case io.EOF:
		return io.EOF
	case nil:
		return broken("end: something follows", nil)
	default:
		return broken("end", err)
	}
}

// flush shows the checksum what was read; frame stays small however large a value is.
func (s *SnapshotReader) flush() {
	s.sum.Write(s.frame)
	s.frame = s.frame[:0]
}

func (s *SnapshotReader) uvarint() (uint64, error) {
	var v uint64
	for shift := 0; ; shift += 7 {
		c, err := s.from.ReadByte()
		if err != nil {
			return 0, err
		}
		s.frame = append(s.frame, c)
		if shift == 63 && c > 1 {
			return 0, errOverflow
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v, nil
		}
	}
}

var errOverflow = fmt.Errorf("number beyond 64 bits: %w", ErrSnapshot)

// bytes reads n bytes. A length that lies must not cost memory: beyond 1 MB the buffer grows with what really comes.
func (s *SnapshotReader) bytes(n uint64) ([]byte, error) {
	s.flush()
	if n > math.MaxInt64 {
		return nil, errOverflow
	}
	if n <= 1<<20 {
		b := make([]byte, n)
		_, err := io.ReadFull(s.from, b)
		s.sum.Write(b)
		return b, err
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, s.from, int64(n)); err != nil {
		return nil, err
	}
	s.sum.Write(b.Bytes())
	return b.Bytes(), nil
}

// broken says which part of a snapshot is not in order. Running out of bytes is the snapshot's fault, any other
// failure of the reader is not and stays what it is.
func broken(part string, err error) error {
	if err == nil || err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ErrSnapshot) {
		return fmt.Errorf("bad %s: %w", part, ErrSnapshot)
	}
	return fmt.Errorf("read %s: %w", part, err)
}
