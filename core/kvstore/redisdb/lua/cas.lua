-- Applies one effect if the key is as expected.
-- then ARGV  '0' it must not be there, '1' it must have the value that follows, '2' the same and keep its expiry
-- Returns 1; 0 if it is there and is not as expected, -1 if it is not there and should.
local value = call('GET', KEYS[7])
local ts = 0
if value and expiring > 0 then
  ts = ends(KEYS[7])
  if ts > 0 and ts <= clock() then
    value = false
  end
end
local how = ARGV[more + 1]
if how == '0' then
  if value then
    return 0
  end
elseif not value then
  return -1
elseif value ~= ARGV[more + 2] then
  return 0
elseif how == '2' and ts > 0 then
  keep = string.format('%.0f', ts)
end
