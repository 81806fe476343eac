// Package account keeps the sandbox's AWS account in one file: every resource that the AWS stand-in made, for all
// environments, and the identities that may call it.
//
// Several processes use the file at once (two environments side by side, the supervisor of a control plane, the aws
// shim), so each look takes a shared lock and each change an exclusive one. A change is written whole to a new file that
// replaces the old one, so a process that is killed leaves the last complete account behind.
package account

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Account is the file. The zero value is of no use; call Open.
type Account struct {
	path string

	// One process reads the account far more often than it changes, and a change is of one resource among hundreds: what was
	// read last is kept, resource by resource.
	mu      sync.Mutex
	version string
	last    *snapshot
}

// Open returns the account kept at path. The file is made by the first Update.
func Open(path string) *Account { return &Account{path: path} }

// Path is where the account is kept.
func (a *Account) Path() string { return a.path }

// Version changes whenever the account does. It reads no content, so it is cheap enough for polling; it is empty while
// there is no account yet.
func (a *Account) Version() (string, error) {
	info, err := os.Stat(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("account: %w", err)
	}
	var inode uint64
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = s.Ino
	}
	return fmt.Sprintf("%d-%d-%d", info.ModTime().UnixNano(), info.Size(), inode), nil
}

// View calls look with the account as it is. What look changes is not kept.
func (a *Account) View(look func(*State) error) error {
	unlock, err := a.lock(syscall.LOCK_SH)
	if err != nil {
		return err
	}
	s, err := a.load()
	unlock()
	if err != nil {
		return err
	}
	return look(s)
}

// Update calls change with the account as it is and keeps what change did, unless it returns an error.
func (a *Account) Update(change func(*State) error) error {
	unlock, err := a.lock(syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := a.load()
	if err != nil {
		return err
	}
	if err := change(s); err != nil {
		return err
	}
	return a.store(s)
}

func (a *Account) lock(how int) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(a.path), 0o755); err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	f, err := os.OpenFile(a.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("account: lock %s: %w", a.path, err)
	}
	return func() { _ = f.Close() }, nil
}

func (a *Account) load() (*State, error) {
	version, err := a.Version()
	if err != nil {
		return nil, err
	}
	if version == "" {
		return newState()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if version != a.version {
		raw, err := os.ReadFile(a.path)
		if err != nil {
			return nil, fmt.Errorf("account: %w", err)
		}
		next, err := decode(raw, a.last)
		if err != nil {
			return nil, fmt.Errorf("account: %s is damaged: %w", a.path, err)
		}
		a.version, a.last = version, next
	}
	s := a.last.state()
	s.expire(time.Now())
	return s, nil
}

func (a *Account) store(s *State) error {
	raw, err := encode(s)
	if err != nil {
		return fmt.Errorf("account: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(a.path), filepath.Base(a.path)+".new-*")
	if err != nil {
		return fmt.Errorf("account: %w", err)
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(raw); err != nil {
		_ = tmp.Close()
		return fmt.Errorf("account: %w", err)
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("account: %w", err)
	}
	if err := os.Rename(tmp.Name(), a.path); err != nil {
		return fmt.Errorf("account: %w", err)
	}
	return nil
}
