-- Stands before the scripts of a restore that come before its decision: it ends them if the user lacks a right that the
-- steps behind it need, because these cannot be taken back.
local function finishable(key)
  may('GET', key)
  may('SET', key, '')
  may('UNLINK', key)
  may('ZCARD', key)
  may('ZADD', key, 0, '')
  may('ZRANGE', key, 0, 0)
  may('ZREMRANGEBYRANK', key, 0, 0)
  may('XLEN', key)
  may('LLEN', key)
  may('LINDEX', key, 0)
  may('LPOP', key)
  may('PERSIST', key)
  may('TIME')
end
