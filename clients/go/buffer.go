package mars

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	segmentBytesMax = 1 << 20
	// A file whose time has not changed for so long has no owner.
	lease = 5 * time.Second
)

// ErrBuffer is wrapped by the errors of events that the buffer does not accept: it is full, closed, or cannot be written.
var ErrBuffer = errors.New("mars: event not accepted")

// A segment is a file, or lines in memory where path is empty. size counts bytes of whole lines, offset those that are settled.
type segment struct {
	path         string
	file         *os.File
	lines        []byte
	size, offset int64
}

type observation struct{ time, since time.Time }

// A buffer has the accepted events that Mars has not answered for, as lines of JSON. A process appends to files of its own, and
// renews their time every second. It adopts the files of processes that ended: at once if their time is 0, else when it has not
// changed for 5 s. Adoption is a rename, so one process wins. A process that was suspended beyond its lease writes its line
// again, to a new file: Mars stores it once by its event_id.
type buffer struct {
	directory            string
	bytesMax             int64
	onAdopted            func()
	mutex                sync.Mutex
	segments             []*segment
	active               *segment
	seen                 map[string]observation
	renewedAt            time.Time
	bytes, bytesOfOthers int64
	released             chan struct{}
}

func openBuffer(directory string, bytesMax int64, onAdopted func()) (*buffer, error) {
	b := &buffer{directory: directory, bytesMax: bytesMax, onAdopted: onAdopted, released: make(chan struct{})}
	if directory == "" {
		return b, nil
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("mars: the buffer's directory: %w", err)
	}
	b.keep()
	go func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				b.keep()
			case <-b.released:
				return
			}
		}
	}()
	return b, nil
}

func (b *buffer) empty() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return len(b.segments) == 0
}

// append keeps a line, newline included; it is in the file when this returns.
func (b *buffer) append(line []byte) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if used := b.bytes + b.bytesOfOthers; used+int64(len(line)) > b.bytesMax {
		return fmt.Errorf("%w: the buffer is full: %d of %d bytes", ErrBuffer, used, b.bytesMax)
	}
	for range 3 {
		if err := b.write(line); err != nil {
			return fmt.Errorf("%w: %w", ErrBuffer, err)
		}
		// Within the lease no other process has adopted the file: it will read this line.
		if b.directory == "" || b.leased() {
			return nil
		}
		b.seal()
	}
	return fmt.Errorf("%w: the buffer's disk is too slow", ErrBuffer)
}

// read returns the next lines, or a nil segment where there are none; settle moves on.
func (b *buffer) read(bytesMax int64) (*segment, []byte, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	for len(b.segments) > 0 {
		s := b.segments[0]
		chunk, err := s.read(min(bytesMax, s.size-s.offset))
		if err != nil {
			return nil, nil, err
		}
		if end := bytes.LastIndexByte(chunk, '\n') + 1; end > 0 {
			return s, chunk[:end], nil
		}
		if int64(len(chunk)) == bytesMax {
			return s, chunk, nil
		}
		// Empty, adopted by another process, or half a line: that call had not returned when its process was killed.
		b.remove(s)
	}
	return nil, nil, nil
}

// settle is called when Mars has answered for these bytes.
func (b *buffer) settle(s *segment, count int64) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	s.offset += count
	if s.offset >= s.size {
		b.remove(s)
	}
}

// release lets other processes adopt what is left.
func (b *buffer) release() {
	close(b.released)
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.seal()
	for _, s := range b.segments {
		if s.path != "" {
			_ = os.Chtimes(s.path, time.Unix(0, 0), time.Unix(0, 0)) // It is adopted after the lease then.
		}
	}
}

func (b *buffer) write(line []byte) error {
	if b.active == nil || b.active.size+int64(len(line)) > segmentBytesMax {
		b.seal()
		s := &segment{}
		if b.directory != "" {
			s.path = b.newPath()
			b.renewedAt = time.Now()
			file, err := os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return err
			}
			s.file = file
		}
		b.active = s
		b.segments = append(b.segments, s)
	}
	s := b.active
	if s.file == nil {
		s.lines = append(s.lines, line...)
	} else if _, err := s.file.Write(line); err != nil {
		// No other line may follow half a line.
		if s.file.Truncate(s.size) != nil {
			b.seal()
		}
		return err
	}
	s.size += int64(len(line))
	b.bytes += int64(len(line))
	return nil
}

func (b *buffer) newPath() string {
	return filepath.Join(b.directory, randomID()+".ndjson")
}

func (b *buffer) seal() {
	if b.active != nil && b.active.file != nil {
		_ = b.active.file.Close() // Each line is written already.
	}
	b.active = nil
}

func (b *buffer) remove(s *segment) {
	if s == b.active {
		b.seal()
	}
	for index, other := range b.segments {
		if other == s {
			b.segments = append(b.segments[:index], b.segments[index+1:]...)
			break
		}
	}
	b.bytes -= s.size
	if s.path != "" {
		_ = os.Remove(s.path) // Another process may have adopted it.
	}
}

// leased compares wall clocks, which go on while the machine is suspended.
func (b *buffer) leased() bool {
	return time.Now().Round(0).Sub(b.renewedAt.Round(0)).Abs() < lease/2
}

func (b *buffer) keep() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	select {
	case <-b.released:
		return
	default:
	}
	if !b.leased() {
		b.seal()
	}
	b.renewedAt = time.Now()
	own := map[string]bool{}
	for _, s := range b.segments {
		own[filepath.Base(s.path)] = true
		_ = os.Chtimes(s.path, b.renewedAt, b.renewedAt) // Another process may have adopted it.
	}
	seen := map[string]observation{}
	b.bytesOfOthers = 0
	entries, _ := os.ReadDir(b.directory) // A fault of the disk shows in append.
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || own[entry.Name()] || !strings.HasSuffix(entry.Name(), ".ndjson") {
			continue
		}
		now := observation{info.ModTime(), time.Now()}
		if before, ok := b.seen[entry.Name()]; ok && before.time.Equal(now.time) {
			now.since = before.since
		}
		if now.time.Unix() == 0 || time.Since(now.since) >= lease {
			b.adopt(entry.Name())
			continue
		}
		seen[entry.Name()] = now
		b.bytesOfOthers += info.Size()
	}
	b.seen = seen
}

func (b *buffer) adopt(name string) {
	path := b.newPath()
	if os.Rename(filepath.Join(b.directory, name), path) != nil {
		return // Another process was faster.
	}
	_ = os.Chtimes(path, time.Now(), time.Now()) // Another process may be as fast.
	info, err := os.Stat(path)
	if err != nil {
		return
	}
	b.segments = append(b.segments, &segment{path: path, size: info.Size()})
	b.bytes += info.Size()
	b.onAdopted()
}

func (s *segment) read(count int64) ([]byte, error) {
	if s.path == "" {
		return s.lines[s.offset : s.offset+count], nil
	}
	file, err := os.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // Adopted by another process.
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	chunk := make([]byte, count)
	read, err := file.ReadAt(chunk, s.offset)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return chunk[:read], err
}

func randomID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // Never fails: the runtime ends the process where there is no randomness.
	return hex.EncodeToString(id[:])
}
