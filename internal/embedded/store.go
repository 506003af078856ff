package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/seed08532102/iniesta/internal/localaws"
)

// StoreName is the file in the directory for data, a bbolt database: one bucket, whose keys are queue/ARN, topic/ARN,
// message/ARN/id and deduplication/ARN/id, and whose values are JSON.
const StoreName = "iniesta-local.db"

var bucket = []byte("localaws")

// store keeps queues, topics and messages in a file.
type store struct{ db *bolt.DB }

// openStore opens the store in a directory, or makes it. Writes are left to the operating system to bring to the disk: they
// survive the end of the process, however it ends, and not that of the machine.
func openStore(directory string) (*store, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory for data: %w", err)
	}
	path := filepath.Join(directory, StoreName)
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, NoSync: true, NoFreelistSync: true, FreelistType: bolt.FreelistMapType})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("opening %s: another process has it: end that, or choose another directory", path)
	case err != nil:
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", path, err), db.Close())
	}
	return &store{db}, nil
}

// Each calls f with everything that is kept.
func (s *store) Each(f func(key string, value []byte) error) error {
	return s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bucket).ForEach(func(key, value []byte) error { return f(string(key), value) })
	})
}

// Write makes changes, all of them or none.
func (s *store) Write(changes ...localaws.Change) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucket)
		for _, c := range changes {
			err := b.Delete([]byte(c.Key))
			if c.Value != nil {
				err = b.Put([]byte(c.Key), c.Value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Close brings everything to the disk.
func (s *store) Close() error { return errors.Join(s.db.Sync(), s.db.Close()) }
