"""Expressions of operators and patterns, a line each, over the columns of side_by_side.py."""

OPERATORS = r"""
ok = 1
ok
NOT ok
ok IN (0, 1)
ok <> 1
ok > 0
ok = n
ok + 1
ok IS 1
ok IS NOT 1
ok IS NULL
ok AND n
ok OR n
n AND f
n + 1
n - f
n * 2
n / 2
n / 0
n % 3
n % 0
f % 2
f / 3
price / 2
price * 2
price + n
price = 5
price > 0.4
price < f
-n
-price
+n
n = '7'
n = 'abc'
n < 'abc'
n > 'abc'
n <> 'abc'
name = 5
name < 5
code = 7
code = 10
code = n
n = code
code > n
n < code
code + 0
code * 2
code + n
name + 1
code || n
n || 'x'
f || ''
price || ''
ok || ''
name || name
name = 'apple'
name < 'b'
name >= 'Apple'
name BETWEEN 'A' AND 'b'
nick = 'bob'
nick = 'BOB'
nick < 'b'
nick IN ('bob', 'ZOË')
nick = name
nick COLLATE BINARY = 'Bob'
name COLLATE NOCASE = 'APPLE'
name COLLATE RTRIM = 'apple  '
nick COLLATE RTRIM = 'bob'
data = x'616263'
data < x'61'
data = 'abc'
data IS x''
day = '2024-02-29'
day < '2000-01-01'
day >= '2024-01-31 00:00:00'
day <= '2024-01-31 00:00:00'
day > '2024-01-31 12:00:00'
at = '2024-02-29 13:14:15'
at >= '2024-02-29'
at > '2000-01-01'
at <= '2000-01-01'
at < '2000-01-01'
at = '2000-01-01'
at <> '2000-01-01'
at BETWEEN '2000-01-01' AND '2024-02-01'
at > day
day = at
day IN ('2024-02-29', '1999-12-31')
seen >= '2024-01-31T12:00:00Z'
seen < '2024-01-01'
stamp > 946684799
stamp = 946684800
stamp / 86400
stamp + 1
stamp BETWEEN 946684799 AND 946684800
clock > '12:00:00'
clock = '13:14:15'
CAST(n AS TEXT)
CAST(f AS INTEGER)
CAST(code AS INTEGER)
CAST(code AS REAL)
CAST(name AS INTEGER)
CAST(price AS INTEGER)
CAST(price AS TEXT)
CAST(name AS BLOB)
CAST(at AS TEXT)
CAST(day AS INTEGER)
CAST(n AS REAL)
CAST(n AS VARCHAR(2))
n & 3
n | 8
~n
n << 2
n >> 1
n >> id
1 << id
CASE WHEN n > 5 THEN 'big' WHEN n IS NULL THEN 'none' ELSE 'small' END
CASE n WHEN 7 THEN 1 WHEN 0 THEN 2 END
CASE nick WHEN 'BOB' THEN 1 ELSE 0 END
CASE WHEN ok THEN n ELSE f END
n IN (7, 0)
n NOT IN (7, 0)
n IN ()
n IN (7, NULL)
name IN ('apple', 'banana')
code IN (7, 10)
n IN ('7', 'x')
n IS NULL
n NOTNULL
n IS 7
n IS NOT 7
n IS name
n IS code
(n, name) = (7, 'Apple pie')
(n, name) <> (7, 'Apple pie')
(n > 5) = ok
(n > 5) + 1
(n > 5) IS TRUE
n IS NOT FALSE
n = 7 AND name = 'Apple pie' OR ok
NOT n = 7
NOT name
name AND 1
code AND 1
uid = '550e8400-e29b-41d4-a716-446655440000'
uid = 'x'
odd = 5
odd = '5'
odd = 'five'
odd IS NULL
written >= '2000-01-01'
"n"
"no such column"
[n]
`n`
NULL
'it''s'
x'00ff'
1e3
0x1F
9223372036854775807
-9223372036854775808
9223372036854775808
1e999
TRUE
5 > 3
'a' < 'B'
'10' < 9
NULL = NULL
NULL IS NULL
n = NULL
n > NULL
"""

PATTERNS = r"""
name LIKE 'APPLE%'
name LIKE '%pie'
name LIKE 'a_ple'
name NOT LIKE 'a%'
note LIKE '100\%'
note LIKE '100\%' ESCAPE '\'
note LIKE '%a!_b%' ESCAPE '!'
n LIKE '7%'
at LIKE '2024-%'
day LIKE '%-31'
name GLOB 'A*'
name GLOB '*p?e'
name GLOB '[a-z]*'
name GLOB '[^a-z]*'
name NOT GLOB 'A*'
note GLOB '*[[]z]*'
note GLOB '*%'
name GLOB '*É'
note GLOB '*_*'
note GLOB '*\*'
"""
