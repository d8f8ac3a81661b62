-- Applies a change of a master if it is the next one.
-- then KEYS  :applied
-- then ARGV  its number
-- Returns 1; 0 if it was applied before; -1 if one before it is missing.
local number = ARGV[more + 1]
local ahead = tonumber(number) - tonumber(call('GET', KEYS[6 + effects]) or '0')
if ahead < 1 then
  return 0
elseif ahead > 1 then
  return -1
end
master = number
