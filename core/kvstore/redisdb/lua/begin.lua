-- Stands before every script that writes, behind clock.lua. It reads what there is to read: whatever can be wrong or refused
-- is so before the first write.
-- KEYS[1] :epoch   [2] :seq   [3] :ix   [4] :exp   [5] :log   [6] :history   [7...] the data keys, one for each effect;
--          behind them what the script asks for besides; last the data keys of pairs that have expired
-- ARGV[1]  the epoch of the handle   ARGV[2]  changes that :log keeps, '0' for all
-- ARGV[3]  what the identity of a new history begins with   ARGV[4]  how many pairs have expired
-- ARGV[5...]  three for each effect, and behind them one or two if the script asks for them: what its record begins with
--             (see write.lua), key, value. It begins with 'p' (put) or 'd' (delete), the expiry in epoch seconds ('0':
--             never) and a space. Last the keys of the pairs that have expired.
if (call('GET', KEYS[1]) or '0') ~= ARGV[1] then
  return redis.error_reply('STALE the database was restored')
end
local seq, ix, exp, log = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local named = tonumber(ARGV[4])
local effects = #ARGV - 4 - named
effects = (effects - effects % 3) / 3
local more = 4 + 3 * effects -- where the arguments of the script itself begin, less one
local keep                   -- the expiry that stays, as text, instead of the one of the effect
local master, source         -- the number of the change of a master that this is, as text, and its history if it is new

local filled = 0 -- bytes under the last data key
for i = 7, 6 + effects do
  filled = call('STRLEN', KEYS[i]) -- refuses another type, as the next does
end
local expiring = call('ZCARD', exp)

-- Pairs that have expired leave the index a few at a time. Which these are is only known here, and their data keys must be
-- declared: the caller is told, and names them with the next write.
local done = 1 -- what the script returns if it has done its work: behind it, the keys to name next
local gone     -- the keys that were named and have expired; whether the data key is gone, too
if expiring > 0 then
  may('ZSCORE', exp, '') -- also if none is named: a write must not depend on the one before
  may('EXISTS', seq)
  local before = '(' .. clock()
  local count = 0
  gone = {}
  for i = 1, named do
    local key = ARGV[#ARGV - named + i]
    local ts = call('ZSCORE', exp, key)
    if ts and tonumber(ts) < clock() then
      gone[key] = call('EXISTS', KEYS[#KEYS - named + i]) == 0
      count = count + 1
    end
  end
  local mine = {} -- the keys that this change is about
  for i = 1, math.min(effects, 16) do
    mine[ARGV[3 * i + 3]] = true
  end
  for _, key in ipairs(call('ZRANGEBYSCORE', exp, '-inf', before, 'LIMIT', count, 32)) do
    if done == 1 then
      done = {1}
    end
    if not mine[key] and #done <= 16 then
      done[#done + 1] = key
    end
  end
end
local function sweep()
  for key, whole in pairs(gone or {}) do
    if whole then
      call('ZREM', ix, key)
    end
    call('ZREM', exp, key)
  end
end
