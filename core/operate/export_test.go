package operate

import "os"

// Syncing replaces what puts files and folders on the disk.
func (o *Operator) Syncing(sync func(*os.File) error) { o.sync, o.audit.sync = sync, sync }

// Sync and SyncTrail are what puts them there.
func (o *Operator) Sync(f *os.File) error { return o.sync(f) }

func (o *Operator) SyncTrail(f *os.File) error { return o.audit.sync(f) }
