-- Applies a change of a master if it is the next one.
-- then KEYS  :applied, :source
-- then ARGV  its number, the history that it counts in ('*': whichever)
-- Returns 1; 0 if it was applied before; -1 if one before it is missing; -2 if those before it are of another history.
local number, history = ARGV[more + 1], ARGV[more + 2]
local applied = call('GET', KEYS[7 + effects]) or '0'
if history ~= '*' then
  local stored = call('GET', KEYS[8 + effects]) or ''
  if stored ~= history then
    if applied ~= '0' then
      return -2
    end
    source = history
  end
end
local ahead = tonumber(number) - tonumber(applied)
if ahead < 1 then
  return 0
elseif ahead > 1 then
  return -1
end
master = number
