-- Deletes a field of a hash that still holds what was seen. Fields that are no rows do not count as others; some of them go
-- with the last row.
-- KEYS[1] the hash
-- ARGV[1] the field, ARGV[2] what was seen
-- ARGV[3], ARGV[4] a channel and what it is told if no other row is left; an empty channel: nobody is told
-- ARGV[5] how many of the fields that follow go with the last row
-- ARGV[6], ... the fields that are no rows
-- Returns {1, what was left of the hash's life in ms, 1 if no other row is left, name and value of each field that goes with the
-- last row}; {0}: the field holds something else, {-1}: it is gone. Only 1 writes, in one command; the channel is told first.
local key, field = KEYS[1], ARGV[1]
local value = redis.call('HGET', key, field)
if not value then return {-1} end
if value ~= ARGV[2] then return {0} end
local others, with, kept = redis.call('HLEN', key) - 1, {field}, {}
for i = 6, #ARGV do
  local stored = redis.call('HGET', key, ARGV[i])
  if stored then
    others = others - 1
    if i - 5 <= tonumber(ARGV[5]) then
      with[#with + 1] = ARGV[i]
      kept[#kept + 1] = ARGV[i]
      kept[#kept + 1] = stored
    end
  end
end
if others > 0 then with = {field} end
may('HDEL', key, field)
local told = others == 0 and ARGV[3] ~= ''
if told then may('PUBLISH', ARGV[3], ARGV[4]) end
local out = {1, redis.call('PTTL', key), others == 0 and 1 or 0}
for _, one in ipairs(kept) do out[#out + 1] = one end
if told then redis.call('PUBLISH', ARGV[3], ARGV[4]) end
redis.call('HDEL', key, unpack(with))
return out
