# Every word of the console, in English. The other languages have the same keys; a test holds that.
# Plain, warm, no blame. A word of the trade gets its meaning beside it.

## Around every page
skip = Skip to the content
menu = Menu
menu-work = Work
menu-proof = Proof
menu-set-up = Set up
menu-today = Today
menu-practices = Practices
menu-findings = Findings
menu-devices = Computers
menu-alerts = Alerts
menu-approvals = Approvals
menu-reports = Reports
menu-audit = Audit trail
menu-tokens = Add a computer
menu-settings = Settings
note = Note
waiting = waiting
log-out = Log out
theme = Light or dark
theme-auto = Auto
theme-light = Light
theme-dark = Dark
display-link = Language and display
display-lead = How this console looks in this browser. It is kept in a cookie here and changes nothing for anybody else.
display-language = Language
display-zone = Time zone
display-saved = Saved for this browser
search-label = Search practices, computers and findings
search-hint = Search
search-do = Search
footer = Enamel { $version }. Times are in { $zone }.
demo-strip = These practices are made up. Look around: nothing here is real, and nothing you do reaches a computer.
read-only-strip = The server takes no changes right now. What you see is complete; forms will work again later.
crumbs = Where you are
next-page = Next page
show = Show
clear = Clear the filter
save = Save
never = never
not-known = not known yet
of = { $part } of { $whole }
range = { $low } to { $high }
looked = Looked
not-looked = Nothing was looked at yet
as-table = As a table
how = How to do it
see-evidence = See the evidence
see-findings = See the findings
takes = takes about { $minutes }
until-day = until { $day }
counts-until = counts until { $day }
once-only = This is shown once. It is not kept here in readable form.
nothing-matches = Nothing matches
nothing-matches-text = No entry fits this filter. Choose less, or clear the filter.
mail-address = Email address

## Figures and times
date = { $day } { $month } { $year }
moment = { $date }, { $time } { $zone }
month-january = January
month-february = February
month-march = March
month-april = April
month-may = May
month-june = June
month-july = July
month-august = August
month-september = September
month-october = October
month-november = November
month-december = December
just-now = just now
soon = in less than a minute
minutes-ago = { $count ->
    [one] { $count } minute ago
   *[other] { $count } minutes ago
}
hours-ago = { $count ->
    [one] { $count } hour ago
   *[other] { $count } hours ago
}
days-ago = { $count ->
    [one] { $count } day ago
   *[other] { $count } days ago
}
months-ago = { $count ->
    [one] { $count } month ago
   *[other] { $count } months ago
}
years-ago = { $count ->
    [one] { $count } year ago
   *[other] { $count } years ago
}
in-minutes = { $count ->
    [one] in { $count } minute
   *[other] in { $count } minutes
}
in-hours = { $count ->
    [one] in { $count } hour
   *[other] in { $count } hours
}
in-days = { $count ->
    [one] in { $count } day
   *[other] in { $count } days
}
in-months = { $count ->
    [one] in { $count } month
   *[other] in { $count } months
}
in-years = { $count ->
    [one] in { $count } year
   *[other] in { $count } years
}
n-computers = { $count ->
    [one] { $count } computer
   *[other] { $count } computers
}
n-files = { $count ->
    [one] { $count } file
   *[other] { $count } files
}
n-silent = { $count ->
    [one] { $count } silent
   *[other] { $count } silent
}

## How bad, and how things stand
severity-critical = Critical
severity-high = High
severity-medium = Medium
severity-low = Low
severity-informational = For information
urgency-critical = fix today
urgency-high = fix this week
urgency-medium = fix this quarter
urgency-low = fix when you are there anyway
urgency-informational = worth knowing
state-open = Open
state-reopened = Back again
state-stale = Too old to say
state-accepted = Accepted
state-resolved = Gone
control-met = Met
control-partly = Partly met
control-not-met = Not met
control-unknown = Unknown
grounds-measured = measured
grounds-stated = stated by a person
grounds-declined = decided, not done here
evidence-for = For
evidence-against = Against
evidence-unseen = Could not be seen
agent-well = In contact
agent-silent = Silent
agent-isolated = Network closed
agent-damaged = Needs a look
agent-ended = Ended
none-open = none open
class-safe = Safe: it only looks, or adds a backup. One signature
class-disruptive = Disruptive: it interrupts work and can be undone. One signature
class-dangerous = Dangerous: it could destroy. Two signatures, an hour’s wait, and the practice may refuse
role-owner = Owner
role-engineer = Engineer
role-analyst = Analyst
role-trainer = Trainer
role-billing = Billing
role-read-only = Read only
role-practice-manager = Practice manager
role-auditor = Auditor
kind-ssn = Social Security numbers
kind-pan = card numbers
kind-dob = birth dates
kind-name = names
kind-phone = phone numbers
kind-email = email addresses
kind-mrn = chart numbers
kind-member-id = insurance member numbers

## Columns
col-need = What needs you
col-practice = Practice
col-time = Your time
col-saves = Saves a year
col-since = Since
col-next = Next step
col-expected = Expected yearly loss
col-open = Open findings
col-people = People’s data found
col-computers = Computers
col-seen = Last evidence
col-finding = Finding
col-computer = Computer
col-severity = Severity
col-where = Where
col-state = State
col-first = First seen
col-last = Last seen
col-rule = Rule
col-folder = Folder
col-kinds = Kinds of data
col-readable = Open to others
col-evidence = Evidence
col-control = Safeguard
col-why = Why
col-evidence-age = Age of the evidence
col-system = System
col-agent = Agent
col-contact = Last contact
col-by = Accepted by
col-until = Until
col-scenario = How it happens
col-mean = Average year
col-range = Between
col-day = Day
col-loss = A year that costs
col-chance = Chance
col-command = Command
col-outcome = What became of it
col-when = When
col-alert = Alert
col-sent = Sent to
col-taken = Taken by
col-report = Report
col-root = Ledger root
col-number = No.
col-who = Who
col-deed = What
col-object = On what
col-hash = Hash
col-made = Made
col-used-by = Used by
col-roles = Role
col-passkeys = Passkeys
col-last-here = Last here
col-used = Last used

## Today
today-lead = { $count ->
    [one] One thing needs you.
   *[other] { $count } things need you.
}
today-worth = About { $minutes } of work takes { $saves } off the expected yearly loss.
today-caption = Most worth first: by expected loss avoided for each minute of your time
today-empty = Nothing needs you
today-empty-text = Every practice was looked at. This was last checked on { $at }.
today-never = The first check runs as soon as a computer has sent something.
stat-practices = practices
stat-calm = with nothing to do
stat-computers = computers
stat-silent = silent agents
stat-expected = expected yearly loss, all practices
need-silent = { $computer } has gone silent
need-silent-note = Its safeguards will read “unknown” until it speaks again
need-held = { $verb } waits for its hour: { $computer }
need-held-note = It is carried out by itself unless somebody refuses
need-gap = { $count ->
    [one] { $count } record of { $computer } is missing
   *[other] { $count } records of { $computer } are missing
}
need-gap-note = Evidence was lost on its way. Find out why before you rely on it
need-fork = Two computers speak as { $computer }
need-fork-note = A copy of its disk, or a disk that was set back. Enrol it again to tell them apart
need-acceptance = An accepted risk counts again after { $day }
need-stale = { $count ->
    [one] { $count } safeguard has no fresh evidence
   *[other] { $count } safeguards have no fresh evidence
}
need-stale-note = Nobody can say whether they are met
need-certificate = The certificate of { $computer } ends on { $day }
need-certificate-note = It renews itself while the computer is in contact. See why it is not
need-held-back = { $count ->
    [one] { $count } command is held back
   *[other] { $count } commands are held back
}
need-held-back-note = Many were sent at once. That is unusual enough to stop and look
need-backups = Nobody knows whether there are backups
need-backups-note = Find out and state it, or let a sensor see it
need-no-computer = No computer is under watch yet
need-no-computer-note = Paste one line on a computer there, and its first findings appear within minutes
do-fix = Fix it
do-check-computer = Check it
do-decide = Decide
do-look = Look into it
do-renew = Decide again
do-refresh = See which
do-enrol = Add a computer
do-add-practice = Add a practice
do-report = Make a report
filter-group = Group
filter-practice = Practice
filter-contact = Contact
filter-name = Name
filter-severity = Severity
filter-state = State
filter-age = First seen
filter-rule = Rule
filter-alerts = Show alerts
filter-deed = What was done
filter-who = By whom
all-groups = All groups
all-practices = All practices
all-contacts = Any
all-severities = Any
all-states = Any
all-ages = Any time
all-rules = All rules
all-deeds = Anything
age-week = in the last 7 days
age-month = in the last 30 days
age-older = more than 30 days ago

## Practices
practices-caption = { $count ->
    [one] { $count } practice, by expected yearly loss
   *[other] { $count } practices, costliest first
}
empty-practices = Welcome. Start with a practice
empty-practices-text = A practice is one dental office, or several under one owner. Everything Enamel finds belongs to one.
empty-practices-1 = Add a practice: its name is enough.
empty-practices-2 = Add one of its computers: you get a line to paste there, good for one use.
empty-practices-3 = Within minutes its first findings are here, with what to fix first.
empty-computers = No computer is under watch yet
empty-computers-text = Make a token for this practice and paste one line on the computer, as its administrator. It looks like this:
empty-computers-then = How it is set up appears within minutes, patient data after the first night. The agent opens no door: it only calls this server.
stat-mean = expected loss in an average year
stat-range = Between { $low } and { $high }, depending on the assumptions
stat-one-in-ten = or more in 1 year of 10
stat-any-loss = Chance of a year with any loss: { $chance }
stat-people = people’s data found
stat-people-range = Between { $low } and { $high }
stat-controls = safeguards met
stat-controls-unknown = { $count ->
    [one] { $count } unknown
   *[other] { $count } unknown
}
stat-open = open findings
plan-heading = What to fix first
plan-lead = In this order each hour of work takes the most off the expected loss.
plan-empty = Nothing here that a fix would make cheaper. Look at what is unknown: that is where the next finding hides.
saves-a-year = saves { $saves } a year
risk-heading = What it may cost
trend-title = Expected loss over 12 months
trend-desc = A line of the expected loss of an average year as it was computed each month, with the range it depends on. The table below has the same figures.
trend-caption = The line is the average year; the band is how far it moves with the assumptions.
trend-empty = The trend appears with the second month.
curve-title = How likely is an expensive year?
curve-desc = A falling curve: the dearer the year, the less likely. The table below has the same figures.
curve-axis = What the year costs
curve-caption = Read it as: the chance that a year costs at least this much.
one-in-ten = 1 year in 10
or-more = { $loss } or more
scenarios-caption = What the average year is made of
worst-heading = The most serious findings
worst-empty = No finding is open.
all-findings = { $count ->
    [one] See the one open finding
   *[other] See all { $count } open findings
}
data-heading = Where patient data lies
data-lead = Data of { $people } people was found in { $places ->
    [one] { $places } folder.
   *[other] { $places } folders.
}
data-not-searched = { $count ->
    [one] { $count } file could not be opened.
   *[other] { $count } files could not be opened.
}
data-empty = None was found yet. The search runs at night and reports in the morning.
readable-yes = Yes
readable-no = No
controls-heading = The safeguards the law asks for
controls-lead = The HIPAA Security Rule lists them. Old or missing evidence reads “unknown”, never “met”.
controls-empty = They appear with the first evidence.
tally-met = Met: { $count }
tally-partly = Partly met: { $count }
tally-not-met = Not met: { $count }
tally-unknown = Unknown: { $count }
no-evidence = none
agents-heading = Computers and their agents
accepted-heading = Risks that somebody accepted
accepted-lead = An acceptance ends by itself. Then the finding counts as open again.
ends-soon = ends soon
held-heading = Waiting for its hour

## Computers and findings
devices-caption = { $count ->
    [one] { $count } computer
   *[other] { $count } computers
}
findings-caption = { $count ->
    [one] { $count } finding
   *[other] { $count } findings, worst first
}
empty-findings = No finding yet
empty-findings-text = Findings appear minutes after the first computer is added: how it is set up, which programs are out of date, where patient data lies.
only-computer = Only { $computer }
finding-why = Why it matters
finding-people = { $count ->
    [one] It lays open the data of { $count } person.
   *[other] It lays open the data of { $count } people.
}
finding-fix = What to do
finding-after-fix = Once it is done there is nothing to tick: the next look at the computer finds it gone, and says so here.
finding-seen = What was seen
finding-subject = Where exactly
finding-controls = Speaks against
finding-history = History
event-first-seen = First seen
event-last-seen = Last seen
event-resolved = Looked for again, and gone
event-reopened = Back again
event-accepted = Accepted by
accepted-now = This risk is accepted
accepted-by = { $person } accepted it on { $made }. It counts as open again after { $until }.
accept-heading = Accept this risk for now
accept-law = The law (45 CFR 164.306 and 164.308) asks you to bring risks down to a reasonable level, and to write down why where you do not. Write it so that somebody who audits you next year understands it without you.
accept-figures = It stays in the figures of loss: to accept a risk is not to end it.
accept-reason = Why not fix it now
accept-reason-hint = What stands in the way. For example: “The X-ray program runs on Windows 7 only; the maker promises an update for March.”
accept-compensating = What is done instead
accept-compensating-hint = The other measure that keeps the risk small (a “compensating control”). For example: “That computer has no internet and no email.”
accept-person = Who accepts it
accept-person-hint = Name and role of the person at the practice who may decide this.
accept-until = Until when
accept-until-hint = A year at most. After that day it counts as open again.
accept-wrong-reason = Say why, in a sentence of at least ten letters.
accept-wrong-person = Name the person and their role.
accept-wrong-until = Choose a day from tomorrow to a year ahead.
accept-done = The risk is accepted until the day you chose. The decision is kept as evidence.
do-accept = Accept the risk
form-wrong = Not saved yet. What is wrong is marked below.

## Evidence
evidence-title = Evidence no. { $seq }
evidence-lead = One look at one computer. Every figure in Enamel rests on entries like this one, and nobody can change them unnoticed.
evidence-facts = The entry
evidence-scope = What was looked at
evidence-observed = Seen
evidence-received = Received here
evidence-until = Counts until
evidence-sensor = Sensor
evidence-version = { $sensor }, Enamel { $version }
counts = still counts
counts-no-more = too old to count
evidence-says = What follows from it
evidence-gaps = What could not be seen
evidence-body = What was seen, word for word
evidence-cut = Shortened for this page; the export has all of it.
evidence-chain = Its place in the chain
evidence-chain-text = Each entry carries the hash of the one before it: a fingerprint of its content. Change one letter anywhere and every hash after it is another.
evidence-place = Place
evidence-place-text = Number { $seq } of the practice, number { $agent } of its agent
evidence-hash = Hash (blake3)
evidence-prev = Hash of the entry before
evidence-id = Id
chain-whole = Chain checked: whole
chain-broken = Chain broken
evidence-check = Check it yourself
evidence-check-1 = Export the practice’s evidence on the server:
evidence-check-2 = Let another computer compute every hash anew:
evidence-check-3 = Compare the last hash with the ledger root in the practice’s monthly report. That report left the house long ago; nobody can change it now.

## Approvals
approvals-lead = What Enamel may do on a practice’s computer is signed by people, never by this server. Dangerous commands wait an hour, so that the practice can refuse.
approvals-empty = Nothing waits
approvals-empty-text = Commands that take two signatures or wait for their hour appear here.
held-title = { $verb }: { $computer }
held-signed = Signed
held-due = Carried out
held-not-yet = not before it is signed
held-expires = Ends unused
held-why = Why you refuse
do-refuse = Refuse
do-new-command = Ask for a command
send-heading = Bring a signed command
send-text = The server checks the signatures and passes it on. The agent checks them again by itself.
send-label = The signed command
send-hint = The text that “enamel sign” wrote, all of it.
do-send = Pass it on
past-heading = Earlier commands
past-empty = None yet.
outcome-held = Waiting
outcome-done = Done
outcome-failed = Failed
outcome-refused = Refused by the agent
outcome-vetoed = Refused by the practice
outcome-sent = On its way
outcome-expired = Ended unused
verb-collect = Look now
verb-snapshot = Back up now
verb-isolate = Close the network
verb-release = Open the network
verb-restore-aside = Restore beside the data
verb-restore-in-place = Restore over the data
verb-update = Update the agent
verb-uninstall = Remove the agent
verb-other = Another command
new-command-lead = You get a file to sign with your own key. This server has no key and cannot sign.
new-command-verb = What it should do
new-command-detail = Details, where it needs any
new-command-detail-hint = Hours to close the network, 1 to 24. Or the full id of the snapshot. Or the version and its SHA-256.
new-command-reason = Why
new-command-reason-hint = One sentence. The practice will read it.
new-command-next = What happens then
new-command-1 = You download the unsigned command. It is good for 24 hours, for this one computer.
new-command-2 = You sign it where your key is. For a dangerous one a colleague signs too.
new-command-3 = You paste the signed text under Approvals.
new-command-4 = Dangerous ones wait an hour. The practice sees them and may refuse.
new-command-wrong = Choose a computer, what to do, and say why. Check the details.
do-download = Download to sign
refuse-done = Refused. The agent will not carry it out.
send-done = Passed on. The agent checks the signatures and answers.
send-wrong = Not passed on: this is no command of a computer here, or its signatures do not hold.

## Audit, alerts, reports
audit-lead = Who did what. Each entry carries the hash of the one before it, so that none can be changed or left out unnoticed.
audit-caption = { $count ->
    [one] { $count } entry, newest first
   *[other] { $count } entries, newest first
}
audit-empty = No entry fits this filter.
audit-head = Hash of the last entry:
alerts-caption = { $count ->
    [0] Nobody is waited for
    [one] { $count } waits for somebody
   *[other] { $count } wait for somebody
}
alerts-empty = No alert
alerts-empty-text = Nothing here that somebody was told of. Who is told of what is under Settings.
alerts-waiting = that wait for somebody
alerts-taken = that somebody took
alerts-all = all
alert-ended = ended by itself
seen-times = { $count ->
    [one] seen once
   *[other] seen { $count } times
}
sent-nowhere = nobody
taken-nobody = nobody yet
do-take = Take it
take-done = It is yours. Nobody else will be told again.
reports-lead = In plain words, under your name. Every number in a report leads to the evidence it rests on.
reports-made = Made so far
reports-empty = A report is made from the evidence at the moment you ask, and opens at once. Print or save it from there.
reports-make = Make one now
reports-kind = Kind
report-monthly = Monthly report
report-monthly-hint = For the dentist: are we safe, what changed, what to do
report-prospect = First assessment
report-prospect-hint = For somebody who is not a client yet
report-risk-analysis = HIPAA risk analysis
report-risk-analysis-hint = What 45 CFR 164.308(a)(1)(ii)(A) asks for, from live facts
do-make-report = Make the report
brand-heading = Your marks
brand-text = They stand on every report instead of ours.
brand-name = Your name
brand-color = Color
brand-contact = Whom to call
brand-contact-hint = A name and a phone number, a line each, as the dentist should read it.
brand-saved = Saved. The next report carries it.
brand-wrong = Not saved: choose a darker color, so that text in it can be read.

## Settings
settings-tree = Practices
settings-people = People
settings-keys = API keys
settings-routing = Alerts
settings-trust = Who may sign
tree-lead = Practices, their groups and their places.
tree-empty = No practice yet. Add the first one.
tree-no-group = Without a group
tree-name = Name
tree-group-hint = Practices of one owner or one contract. People can be let in to one group only.
do-add = Add
do-add-group = Add a group
practice-added = The practice is added. Now add one of its computers.
group-added = The group is added
name-wrong = Not added: give it a name, one that is not taken.
people-lead = Who may log on, what they may do, and for which practices. No role lets anybody run something on a practice’s computer: that takes a signature.
people-invite = Invite somebody
people-role = Role
people-reach = For
people-until = Until
people-until-hint = An auditor’s access always ends.
people-link = The invitation
people-link-text = Send this link to them. It works once, for three days.
people-wrong = Not invited: check the address, and give an auditor a last day.
reach-all = All practices
do-invite = Make an invitation
keys-lead = For programs that use the API. A key made here reads everything and changes nothing, and ends after a year.
keys-empty = No key yet.
keys-new = A new key
keys-name = What it is for
keys-made = The new key
key-ended = The key is ended
do-make-key = Make a key
do-end = End it
routing-lead = Who is told of what. Ransomware never waits for the morning.
routing-empty = Nobody is told yet.
routing-to = To
routing-from = From this severity on
routing-hours = Hours
routing-quiet = waits for the morning
routing-always = at once
routing-escalate = Then somebody else
routing-after = { $count ->
    [one] after { $count } minute
   *[other] after { $count } minutes
}
way-mail = email
way-webhook = webhook
trust-lead = The people whose signatures the agents believe (the “trust root”). It is fixed when a computer is added, and changes only with the signatures of those who are in it.
trust-empty = Nobody may sign yet
trust-empty-text = Watching works without it. To close a network or restore from afar, make keys for at least two people, each on their own computer:
trust-version = Version { $version }. { $threshold } of { $count } must sign to change it.
trust-fingerprint = Fingerprint of the key
trust-how = This page only shows it. It is changed with “enamel sign root”, on the operators’ own computers.

## Adding a computer
tokens-lead = A token puts one computer under watch. It works once, for a day, for one practice.
do-make-token = Make a token
tokens-made = Ready for { $practice }
tokens-paste = Paste this line on the computer, as its administrator:
tokens-until = It works once, until { $at }.
tokens-then = The computer makes its own key, which never leaves it. Its first findings are here within minutes.
tokens-no-practice = A token belongs to a practice. Add one first.
tokens-lately = Made lately
tokens-empty = None yet.
token-ran-out = ran out
token-waits = not used yet

rule-secret = Passwords or keys in clear text
rule-data = Patient data that others can read
rule-end-of-life = A program or system past its end of life
act-wrong = That did not work. Check what you typed and try again.
act-again = For this, log on again first: it has been more than ten minutes.
device-name-missing = a computer

## Search
search-title = Search
search-empty = Type the name of a practice or a computer, a rule, or words of a finding.
search-none = Nothing was found for “{ $query }”
search-none-text = Try fewer or shorter words. Names of files are not searched: they stay with the practice.
search-found = { $count ->
    [one] One result for “{ $query }”
   *[other] { $count } results for “{ $query }”
}
search-more = There are more. Add a word to narrow it down.
hits-practices = Practices
hits-devices = Computers
hits-findings = Findings

## Before the door
door-login = Log on
door-login-lead = With the passkey on this computer or your phone.
door-passkey = Use a passkey
door-passkey-failed = That did not work. Try again, or use another way.
door-no-script = Passkeys need JavaScript. Everything else works without it.
door-code = Use password and code instead
door-password = Password
door-totp = Code from your app
door-lost = I have neither
door-back = Back
door-wrong = That was not right. Check what you typed; codes change every 30 seconds.
door-recovery = Get back in
door-recovery-lead = With your password and one of the codes you kept when you first came here. Each code works once.
door-recovery-code = Recovery code
door-setup = Set up this server
door-setup-lead = You are the first here and will be its owner. The link that led you here works once.
door-name = Your name
door-make-passkey = Make a passkey
door-invitation = You are invited
door-invitation-lead = Make a passkey, and you are in. No password to remember.
door-codes = Keep these codes
door-codes-lead = If you lose your passkey, one of these lets you back in. Print them, or keep them where you keep other important papers.
door-codes-kept = I kept them
door-link-old = This link was used already or is too old. Ask for a new one.

## When something went wrong
trouble-not-found = There is nothing here
trouble-not-found-help = The address is wrong, or what was here belongs to a practice that you do not see.
trouble-stale = This form was too old
trouble-stale-help = Go back, load the page again, and send it once more. Nothing was changed.
trouble-too-many = One moment, please
trouble-too-many-help = That was a lot at once. Wait a minute and try again.
trouble-read-only = No changes right now
trouble-read-only-help = The server can be read but takes no changes, for example because its disk is full. Nothing is lost; try again later.
trouble-fault = That is our fault
trouble-fault-help = Something broke on the server. Nothing you did is lost that was confirmed. If it comes again, tell whoever runs this server.
trouble-reference = To quote:
trouble-home = Back to Today
