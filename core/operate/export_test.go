package operate

import "os"

// Syncing replaces what puts files and folders on the disk.
func (o *Operator) Syncing(sync func(*os.File) error) { o.sync, o.audit.sync = sync, sync }
