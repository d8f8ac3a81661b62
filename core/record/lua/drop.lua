-- Ends a lease, or sweeps one that has ended: removes it and records that depend on it.
-- KEYS[3]  :ix   KEYS[4]  :lease   KEYS[5]  :lk   KEYS[6...]  the records that :lk named when it was read, or some of them
-- ARGV[2]  the id of the lease   ARGV[3]  'release', or 'sweep' if it is to be left alone while it lives   ARGV[4...]  the records' keys
-- Returns how many records are left to sweep; -1 if the lease is gone (release) or there is nothing to sweep.
local ix, leaseKey, lk, id, release = KEYS[3], KEYS[4], KEYS[5], ARGV[2], ARGV[3] == 'release'
local deadline = redis.call('ZSCORE', exp, id)
if not deadline or (deadline + 0 <= now()) == release then
  return -1
end
local left = redis.pcall('SCARD', lk)
if type(left) == 'table' then
  if release or not string.find(left.err, '^WRONGTYPE') then
    return left
  end
  left = 0 -- a foreign key has the name: not ours to remove
end
countable()
may('INCR', seq)
may('ZADD', exp, '0', id)
may('ZREM', exp, id)
may('DEL', leaseKey)
may('ZREM', ix, id)
may('SREM', lk, id)
local mine = {}
for i = 6, #KEYS do
  local owner = redis.pcall('HGET', KEYS[i], 'lease')
  if type(owner) == 'table' and not string.find(owner.err, '^WRONGTYPE') then
    return owner
  end
  mine[i] = owner == id -- else it was made again since, under another lease or none
  may('DEL', KEYS[i])
end

-- A server that is full refuses what may take memory until a script has written. This writes nothing, and counts.
redis.call('ZREM', exp, '')
if release then
  redis.call('ZADD', exp, '0', id) -- over for every reader from here on
end
redis.call('DEL', leaseKey)
if release then
  tell(count())
end
for i = 6, #KEYS do
  local key = ARGV[i - 2]
  if mine[i] then
    redis.call('DEL', KEYS[i])
    redis.pcall('ZREM', ix, key) -- an index of another type holds nothing of ours
    tell(count() .. ':' .. key)
  end
  left = left - (tonumber(redis.pcall('SREM', lk, key)) or 0)
end
if left <= 0 then
  redis.call('ZREM', exp, id)
end
return math.max(0, left)
