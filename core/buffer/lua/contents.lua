-- Contents: a live buffer whole, at one instant.
-- KEYS: 1 list, 2 keys
-- Reply: records, names

return {redis.call('LRANGE', KEYS[1], 0, -1), redis.call('SMEMBERS', KEYS[2])}
