-- Removes a record.
-- KEYS[3]  :ix   KEYS[4]  the record   KEYS[5]  :lk of its lease, if that is known
-- ARGV[2]  its key   ARGV[3]  the version it must have, '' for any   ARGV[4]  the lease of KEYS[5], '' for none
-- Returns 1; 0 if it has another version; -1 if there is none; the id of its lease as text if KEYS[5] must be that one's.
local ix, rec, lk, key = KEYS[3], KEYS[4], KEYS[5], ARGV[2]
local had = redis.call('HMGET', rec, 'version', 'lease')
if not had[1] then
  return -1
end
local lease, gone = had[2], dead(had[2])
if not gone and ARGV[3] ~= '' and had[1] ~= ARGV[3] then
  return 0
end
if gone or lease == '0' then
  lk = nil -- what a lease that is gone has left there, its sweep removes
elseif lease and lease ~= ARGV[4] then
  return lease
end
countable()
may('INCR', seq)
may('ZREM', ix, key)
if lk then
  may('SREM', lk, key)
end

-- What frees memory comes first: a script that has written is not refused by a server that is full.
redis.call('DEL', rec)
redis.pcall('ZREM', ix, key) -- an index of another type holds nothing of ours
if lk then
  redis.pcall('SREM', lk, key)
end
tell(count() .. ':' .. key)
return done(gone and -1 or 1)
