-- Puts back a field that release_field.lua deleted, unless somebody else came in meanwhile.
-- KEYS[1] the hash
-- ARGV[1] the field, ARGV[2] its value
-- ARGV[3] what is left of the hash's life in ms, for one that is made anew; '-1': it has no end
-- ARGV[4] '1' if no other row was left: then none may be there now
-- ARGV[5] how many fields go with the last row: name and value of each follow
-- then the other fields that are no rows
-- Returns 1; 0 if the row is there again, another one is that was not, or what goes with the last row has changed.
local key, n = KEYS[1], tonumber(ARGV[5])
if redis.call('HEXISTS', key, ARGV[1]) == 1 then return 0 end
local rows, same, put = redis.call('HLEN', key), true, {ARGV[1], ARGV[2]}
for i = 6, 5 + 2 * n, 2 do
  local stored = redis.call('HGET', key, ARGV[i])
  if stored then rows = rows - 1 end
  same = same and stored == ARGV[i + 1]
  put[#put + 1] = ARGV[i]
  put[#put + 1] = ARGV[i + 1]
end
for i = 6 + 2 * n, #ARGV do rows = rows - redis.call('HEXISTS', key, ARGV[i]) end
if rows > 0 and (ARGV[4] == '1' or not same) then return 0 end
local ends = redis.call('EXISTS', key) == 0 and ARGV[3] ~= '-1'
may('HSET', key, ARGV[1], ARGV[2])
if ends then may('PEXPIRE', key, ARGV[3]) end
redis.call('HSET', key, unpack(put))
if ends then redis.call('PEXPIRE', key, ARGV[3]) end
return 1
