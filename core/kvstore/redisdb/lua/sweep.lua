-- Takes pairs that have expired out of the index, without a change.
-- Returns 1; if there are more of them an array: 1, keys to name next.
may('ZREM', ix, '')
sweep()
return done
