-- Prepare: moves the live buffer behind a new timestamp, all its keys or none, and releases the caller's lock.
-- KEYS: 1 list, 2 keys, 3 size, 4 ts, 5 lock, 6 ops
-- ARGV: 1 lock token ('' for none), 2 and 3 what stands before and after the timestamp in a prepared key,
--       4 '1' to return the contents
-- The prepared keys cannot stand in KEYS, as the server's time names them; they share the hash tag, and so the slot.
-- Reply: {'locked'}, {'empty'} or {'prepared', timestamp (ms), records, names}

local holder = redis.call('GET', KEYS[5])
if holder and (holder ~= ARGV[1] or holder == '') then
  return {'locked'}
end
local present = { -- each read also refuses a foreign type before anything moves
  redis.call('LLEN', KEYS[1]) > 0,
  redis.call('SCARD', KEYS[2]) > 0,
  redis.call('GET', KEYS[3]),
  redis.call('GET', KEYS[4]),
}
local ms = math.ceil(tick(KEYS[6]) / 1000)
if not present[1] then
  if holder then
    redis.call('DEL', KEYS[5])
  end
  return {'empty'}
end
local records, names
if ARGV[4] == '1' then
  records = redis.call('LRANGE', KEYS[1], 0, -1)
  names = redis.call('SMEMBERS', KEYS[2])
end

local base
repeat
  base = ARGV[2] .. string.format('%.0f', ms) .. ARGV[3]
  local taken = redis.call('EXISTS', base .. 'list', base .. 'keys', base .. 'size', base .. 'ts', base .. 'lock') > 0
  if taken then
    ms = ms + 1
  end
until not taken

for i, part in ipairs({'list', 'keys', 'size', 'ts'}) do
  if present[i] then
    redis.call('RENAME', KEYS[i], base .. part)
  end
end
if holder then
  redis.call('DEL', KEYS[5])
end
remember(KEYS[6], '', ms * 1000)
return {'prepared', ms, records, names}
