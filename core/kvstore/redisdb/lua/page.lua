-- Reads a page of a database in the order of its keys, and names the keys of the next one; writes nothing and stands alone,
-- behind clock.lua.
--
-- The data keys must be declared, so the page is what the one before it named, as far as the index still says the same.
-- The first one has no pairs.
-- KEYS[1] :epoch   KEYS[2] :seq   KEYS[3] :ix   KEYS[4...] the data keys that are expected to come next, in their order
-- ARGV[1]  the epoch of the handle, '*' for whichever it is   ARGV[2]  'kv:{db}:d:'
-- ARGV[3], ARGV[4]  where the page begins and ends, as ZRANGEBYLEX takes it
-- ARGV[5]  how many keys to name   ARGV[6]  bytes after which the page ends, and so does what is named
-- ARGV[7]  bytes up to which a value is given; 0: any
-- Returns the change number, the last key looked at (nil: none was), an array with for each pair its key, its value (of a
-- longer one its length as a number) and when it ends in epoch seconds (0: never), and an array of the keys that come next;
-- empty: the end was reached.
local epoch = call('GET', KEYS[1]) or '0'
if ARGV[1] == '*' and string.find(epoch, '[-+]') then
  return redis.error_reply('RESTORING the database is being restored')
end
if ARGV[1] ~= '*' and epoch ~= ARGV[1] then
  return redis.error_reply('STALE the database was restored')
end
local number = call('GET', KEYS[2]) or '0'
local most, room, given = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local keys = call('ZRANGEBYLEX', KEYS[3], ARGV[3], ARGV[4], 'LIMIT', 0, #KEYS - 3 + most)
local special = '[%%{}:*?%[%]\\%c]'
local odd = string.find(table.concat(keys), special) -- else no key has what must be encoded

local found, n, bytes, looked = {}, 0, 0, 0
while looked < #KEYS - 3 and bytes < room do
  local key = keys[looked + 1]
  local data = key
  if odd and key then
    data = string.gsub(key, special, function(c) -- as conn.Escape does it
      return string.format('%%%02X', string.byte(c))
    end)
  end
  if not key or ARGV[2] .. data ~= KEYS[looked + 4] then
    break -- the index has changed
  end
  looked = looked + 1
  data = KEYS[looked + 3]
  local value = given > 0 and call('STRLEN', data) or 0
  if value <= given then
    value = call('GET', data)
  end
  if value then
    local ts = ends(data)
    if ts == 0 or ts > clock() then
      found[n + 1], found[n + 2], found[n + 3] = key, value, ts
      n = n + 3
      bytes = bytes + #key + (type(value) == 'string' and #value or 0)
    end
  end
end

local ahead, size = {}, 0
for i = looked + 1, math.min(looked + most, #keys) do
  if size < room then
    ahead[#ahead + 1] = keys[i]
    size = size + #keys[i]
  end
end
return {number, looked > 0 and keys[looked], found, ahead}
