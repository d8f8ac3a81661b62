-- Stands before every script that writes. It checks all that can be wrong before the first write.
-- KEYS[1] :epoch   [2] :seq   [3] :ix   [4] :exp   [5] :log   [6...] the data keys, one for each effect, and behind them
--          what the script asks for besides
-- ARGV[1]  the epoch of the handle   ARGV[2]  changes that :log keeps, '0' for all
-- ARGV[3...]  three for each effect, and behind them one or two if the script asks for them: what its record begins with
--             (see write.lua), key, value. It begins with 'p' (put) or 'd' (delete), the expiry in epoch seconds ('0':
--             never) and a space.
local call = redis.call
if (call('GET', KEYS[1]) or '0') ~= ARGV[1] then
  return redis.error_reply('STALE the database was restored')
end
local seq, ix, exp, log = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local effects = (#ARGV - 2 - (#ARGV - 2) % 3) / 3
local more = 2 + 3 * effects -- where the arguments of the script itself begin, less one
local keep                   -- the expiry that stays, as text, instead of the one of the effect
local master                 -- the number of the change of a master that this is, as text

-- The server's clock in whole seconds: enough to tell now >= expiry, which is whole, too.
local now
local function clock()
  now = now or tonumber(call('TIME')[1])
  return now
end

local filled = 0 -- bytes under the last data key
for i = 6, 5 + effects do
  filled = call('STRLEN', KEYS[i]) -- refuses another type, as the next does
end
local expiring = call('ZCARD', exp)
