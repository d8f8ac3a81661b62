-- Prepare: moves the live buffer behind a new timestamp, all its keys or none, and releases the caller's lock.
-- KEYS: 1 list, 2 keys, 3 size, 4 ts, 5 lock, 6 ops
-- ARGV: 1 lock token ('' for none), 2 and 3 what stands before and after the timestamp in a prepared key,
--       4 index of the last record to return: 0, or -1 for all
-- The prepared keys cannot stand in KEYS, as the server's time names them; they share the hash tag, and so the slot.
-- Reply: {'locked'}, {'empty'} or {'prepared', timestamp (ms), records, names}

local call = redis.call
local holder = call('GET', KEYS[5])
if holder and (holder ~= ARGV[1] or holder == '') then
  return {'locked'}
end
-- Each read also refuses a foreign type before anything moves.
local records = call('LRANGE', KEYS[1], 0, ARGV[4])
local names = call('SMEMBERS', KEYS[2])
local present = {true, #names > 0, call('GET', KEYS[3]), call('GET', KEYS[4])}
local ms = math.ceil(tick(KEYS[6]) / 1000)
if holder then
  call('DEL', KEYS[5])
end
if #records == 0 then
  return {'empty'}
end

local base
repeat
  base = ARGV[2] .. string.format('%.0f', ms) .. ARGV[3]
  local taken = call('EXISTS', base .. 'list', base .. 'keys', base .. 'size', base .. 'ts', base .. 'lock') > 0
  if taken then
    ms = ms + 1
  end
until not taken

for i, part in ipairs({'list', 'keys', 'size', 'ts'}) do
  if present[i] then
    call('RENAME', KEYS[i], base .. part)
  end
end
remember(KEYS[6], '', ms * 1000)
return {'prepared', ms, records, names}
