"""Expressions of functions, a line each, over the columns of side_by_side.py."""

FUNCTIONS = r"""
length(data)
length(name)
length(n)
length(f)
hex(data)
hex(name)
hex(n)
typeof(n)
typeof(name)
typeof(data)
typeof(f)
typeof(at)
typeof(ok)
abs(n)
abs(f)
abs(price)
abs(code)
coalesce(n, 0)
coalesce(name, 'none')
coalesce(ok, 0)
coalesce(at, '1970-01-01 00:00:00')
coalesce(at, '')
ifnull(f, 0)
nullif(n, 7)
nullif(name, '')
nullif(ok, 1)
iif(ok, 'yes', 'no')
iif(n > 5, n, 0)
iif(ok, 1, 0)
max(n, 5)
max(f, 2)
min(n, f)
max(name, 'b')
min(name, code)
max(at, '2000-01-01 00:00:00')
round(f)
round(f, 1)
round(price, 1)
round(n)
round(f, n)
round(price)
substr(name, 2)
substr(name, 2, 3)
substr(name, -3)
substr(name, -3, 2)
substr(name, 0, 2)
substr(name, -10, 7)
substr(name, 3, -2)
substr(name, id, -1)
substr(name, -id, id)
substr(at, 1, 7)
substr(n, 1, 1)
upper(name)
lower(name)
trim(code)
trim(name, 'ae')
ltrim(name, 'A')
rtrim(nick)
replace(name, 'a', 'o')
replace(name, '', 'o')
instr(name, 'p')
instr(name, '')
instr(data, x'ff')
unicode(name)
char(65, 66)
char(id + 64)
quote(name)
quote(n)
quote(data)
quote(note)
likely(n)
printf('%d items', n)
printf('%s-%s', name, n)
printf('%05d', id)
printf('%5d|%-5d|%+d', id, id, id)
printf('%.2f', price)
printf('%.1f', f)
printf('%,d', n)
printf('%x', id)
printf('%3s|%-8s|', code, name)
printf('%%')
printf('%q %Q', note, note)
zeroblob(2)
"""

MATHEMATICS = r"""
sqrt(f)
ln(f)
log(f)
log(2, n)
log10(n)
log2(id)
exp(id)
pow(n, 2)
pow(f, 0.5)
power(id, -1)
mod(f, 2)
sign(n)
sign(f)
sign(name)
ceil(f)
floor(f)
ceiling(n)
trunc(f)
acos(f)
asin(f)
atan(f)
atan2(f, n)
sin(f)
cos(f)
tan(f)
sinh(id)
cosh(id)
tanh(f)
asinh(f)
acosh(f)
atanh(f)
degrees(f)
radians(f)
pi()
"""

DATES = r"""
at <= '2000-01-01 00:00'
at >= '2000-01-01 00:00'
at = '2000-01-01 00:00'
at > '2000-01-01 00:00:00.000'
at >= '2000-01-01 00:00:00.000'
at < '2000-01-01 00:00:00.000'
at IS NOT '2000-01-01 00:00:00.000'
date(at)
date(day)
date(seen)
date(stamp, 'unixepoch')
datetime(stamp, 'unixepoch')
datetime(at)
datetime(seen)
time(at)
date(at) = '2024-02-29'
date(at) = day
date(at) >= '2000-01-01'
date(at, '+1 month')
date(at, '-1 month')
date(at, '+1 year')
date(at, '-7 days')
date(at, 'start of month')
date(at, 'start of year', '+6 months', '-1 day')
date(at, 'weekday 0')
date(at, 'weekday 3')
datetime(at, '+1 hour', '-30 minutes')
datetime(at, '+1.5 days')
datetime(at, '+02:30')
datetime(at, '-02:30:15')
datetime(at, 'start of day')
time(clock)
time(clock, '+1 hour')
datetime(day, '+1 day')
strftime('%Y', at)
strftime('%Y-%m', at)
strftime('%m/%d', at)
strftime('%H:%M', at)
strftime('%s', at)
strftime('%j', at)
strftime('%w', at)
strftime('%W', at)
strftime('%f', at)
strftime('%Y-%m-%dT%H:%M:%SZ', at)
strftime('%d.%m.%Y at %H h', at)
strftime('%%', at)
strftime('%Y', at) = '2024'
strftime('%Y', at) = 2024
CAST(strftime('%Y', at) AS INTEGER) = 2024
strftime('%Y', at) + 1
strftime('%Y', day)
julianday(at)
julianday(day)
julianday(at) - julianday(day)
CAST(julianday(at) - julianday('2000-01-01') AS INTEGER)
unixepoch(at)
unixepoch(seen)
strftime('%s', seen) - stamp
CAST(strftime('%s', at) AS INTEGER)
datetime(julianday(at))
"""

JSON = r"""
json_extract(doc, '$.a')
json_extract(doc, '$.b.c[1]')
json_extract(doc, '$.b.c[#-1]')
json_extract(doc, '$.t')
json_extract(doc, '$[1]')
json_extract(doc, '$.a') = 1
json_extract(doc, '$.a') = 'one'
json_extract(doc, '$.a') > 1
json_extract(doc, '$.a') < 'p'
json_extract(doc, '$.t') = 1
json_extract(doc, '$.t') = 0
json_extract(doc, '$.a') IS NULL
json_extract(doc, '$.t') IS 1
json_extract(doc, '$.a') + 1
json_extract(doc, '$.a') || 'x'
json_extract(doc, '$.a') = name
json_extract(doc, '$.a') IN (1, 'one')
coalesce(json_extract(doc, '$.a'), 0)
doc ->> 'a'
doc ->> '$.a'
doc -> 'b' ->> 'x'
doc ->> '$.b.c[0]' = 1
json_array_length(doc)
json_array_length(doc, '$.list')
json_type(doc)
json_type(doc, '$.a')
json_type(doc, '$.t')
length(doc ->> 'a')
"""
