# Words of the kiosk in plain English.

## The bar
mode-daily-life = Everyday
mode-live = DISASTER
mode-drill = DRILL
incident-unnamed = Disaster response
banner-silent = No sound
banner-date = { $weekday } { $day } { $month }
drill-this-is = This is a drill
drill-not-real = Not a real disaster
drill-to-stop = Stop the drill
drill-tag = DRILL
receiving-closed = Not receiving people
receiving-opening = Opening the shelter
receiving-inside = Receiving people
receiving-outside = Receiving people outside
counter-shelter = Shelter reception
counter-watch = Daily watch
month-january = Jan
month-february = Feb
month-march = Mar
month-april = Apr
month-may = May
month-june = Jun
month-july = Jul
month-august = Aug
month-september = Sep
month-october = Oct
month-november = Nov
month-december = Dec
weekday-monday = Mon
weekday-tuesday = Tue
weekday-wednesday = Wed
weekday-thursday = Thu
weekday-friday = Fri
weekday-saturday = Sat
weekday-sunday = Sun

## What could not be done
notice-not-sent = That did not arrive. Please touch again.
notice-over = Time is over. Please hold your card again.
notice-not-now = Not possible now. If this goes on, tell the town.
notice-disk = Not recorded. Please write it on paper.
notice-sign-in = Staff must sign in with their card
notice-pin = The PIN is needed too: sign in again

## Idle
idle-lane = Desk { $lane }
idle-lane-exit = Desk { $lane }, exit
idle-counted = Here now:
idle-counted-drill = In the drill:
idle-counted-watch = Today:
idle-people = { $people }
idle-call =
    Please hold
    your card here
idle-call-exit =
    Going out? Please
    hold your card here
idle-hint = Leave it about a second, until the sound.
idle-hint-silent = Leave it until the screen changes.
idle-hint-closed = Headquarters closed this site. Everybody who comes is taken in.
idle-hint-pin = No PIN is needed.
idle-hint-ordinary = In a disaster touch "Open shelter" first.
idle-no-reader =
    Cards do not
    work just now
idle-no-reader-hint =
    Count people without cards,
    write their names on paper.
idle-no-reader-watch =
    Please speak to the staff.
    They note your visit on paper.
idle-no-record =
    Please fill in
    the paper form
idle-no-record-hint = This terminal cannot record now.
light-ready = Ready
light-drill = Drill: ready
light-no-reader = No card reader
light-no-record = Cannot record
light-look = Touch to see why
light-online = Connected to town
light-offline = Working offline
light-drill-note = Not in real records
open-live = Open shelter
open-live-note = In a disaster
head-count = No card
leader-list = Check later
leader-list-count = { $count } left
settings-title = Settings
watch-list = Not yet today
language-to-english = English
language-to-japanese = 日本語
drill-to-live = Stop drill: REAL
drill-to-live-note = In a real disaster

## Answers
answer-accepted = You are registered
answer-here = Confirmed
answer-recorded = Recorded
answer-undone = Taken back
answer-next-person = Next: hold your card
name-spoken = { $name }
name-later = Name: later
next-step-inside = Please go in
next-step-outside = Please wait outside the building
next-step-wait = Please wait: building being checked
next-step-daily = Thank you
undo-records = Undo
undo-seconds = { $seconds } s left
undone-note = Hold your card again to register
done-people = { $people } people
done-watch = Thank you

## Household
household-question = Who came with you? Touch them
household-everybody = Everybody came
household-others = Others
household-done = Done: { $people }
member-already-in = Came in { $time }
page-of = { $page } / { $pages }

## Counting
count-question = Did others come with you?
count-adults = Adults
count-adults-age = 15 and over
count-children = Children
count-children-age = 3 to 14
count-infants = Babies
count-infants-age = Up to 2
count-fewer = one fewer
count-more = one more
head-count-say =
    People without a card
    can be counted now.
    We ask for their names
    later.
head-count-none = Touch + to count
head-count-done = Count { $people }

## Already here
here-at = { $time } You are here
here-stay = Touch nothing if you stay
leave-question = Only if you are leaving
leave-question-exit = Where are you going?
leave-out = Going out
leave-out-note = Back today
leave-overnight = Night away
leave-overnight-note = Back later
leave-moved = Moving
leave-moved-note = To another shelter
leave-left = Leaving
leave-left-note = Going home
left-out = See you later
left-out-note = Going out: recorded
left-overnight = Take care
left-overnight-note = Night away: recorded
left-moved = Take care
left-moved-note = Moving: recorded
left-left = Take care
left-left-note = Leaving: recorded

## Staff, and hold again
staff-call =
    Please speak
    to the staff
staff-counted = You have been counted.
staff-to = To the staff
staff-what = Please ask for the name
staff-next = Next
again-call =
    Please hold
    your card again
again-foreign-badge =
    This badge is not one of this town.
    Please speak to the staff.
again-torn =
    It was taken away too early.
    Nothing is recorded yet.
again-mute =
    The card was not read.
    Nothing is recorded yet.
again-flat = Lay it flat
again-case = Out of its case
again-single = One card only
again-without-card = Register without a card
disk-call = This could not be recorded
disk-full-note =
    The terminal is full.
    Please come in.
    Your name goes on the paper form.
disk-failing-note =
    The terminal cannot write.
    Please come in.
    Your name goes on the paper form.

## Opening
opening-header = Back
open-live-title = Open the shelter?
open-live-say =
    Reception for a disaster begins.
    No network is needed. The next question is
    whether the building is safe.
open-live-confirm = Open the shelter
open-drill = Start a drill
open-drill-title = Start a drill?
open-drill-say =
    Reception for a drill begins.
    It is not in the real records.
    The screen wears the colours of a drill.
open-drill-confirm = Start the drill
drill-end = End the drill
drill-ended-title = Drill stopped: this is real
drill-ended-say =
    It was pressed at another counter or box.
    Arrivals of the drill do not count.
    Please hold every card again.
drill-ended-next = Understood
building-question = Is the building safe?
building-hint = Look from outside before going in. Anybody may answer.
building-hint-tall =
    Look from outside before going in.
    Anybody may answer.
building-tilt = Leaning
building-crack = Large cracks
building-falling = Things falling
building-fire = Fire, smell of gas
building-nothing = None of these
building-nothing-note = Open and receive people
building-nothing-marked = Unmark the pictures first
building-something = Some, or unsure
building-something-note = Stay out, receive outside

## Watch
greeting-morning = Good morning
greeting-day = Hello
greeting-evening = Good evening
greeting-recorded = Recorded at { $time }
mood-question = How are you today?
mood-fine = I am well
mood-talk = I need to talk
mood-away = I will be away for a while
mood-nothing-needed = You need not touch anything
consent-not-yet = Nothing is recorded yet
consent-question = Start the daily watch?
consent-explanation =
    The day and time of each visit are recorded.
    If you do not come, the town asks after you.
    To stop, tell the town's staff.
consent-yes = Yes
consent-yes-note = please
consent-no = No
consent-no-note = thank you
watch-list-say = Not yet today: { $count }
watch-list-empty = Everybody has come today
list-loading = Looking…
page-next = Next page
page-back = Back

## Leader's list
leader-list-say = { $count } to look at, when there is time.
leader-list-empty = Nothing to check
leader-list-nameless = No name yet
leader-list-separator = ; 
doubt-unknown-card = New card: ask for the name
doubt-expired = The card is out of date
doubt-not-yet-valid = The card is not valid yet: look at the clock
doubt-stopped = A card no longer in use: ask who this is
doubt-reported = Perhaps no longer in use: ask
doubt-lost = A card reported lost: ask who this is
doubt-room = Wants to talk in private
doubt-no-card-data = Card data is missing
doubt-issuer = The card's issuer is unknown
doubt-test-card = A test card
doubt-unreadable = The card's contents cannot be read
doubt-purpose = A card for another purpose
doubt-chip = Perhaps not the registered card: ask
doubt-two-readers = The same card at two desks at once
doubt-pin = A card that needs its PIN (a phone)
doubt-unsupported = A kind of card that is not supported

## Leaving, and where to
left-until-back = Back by { $when }
left-until-asked = We call { $when }
leave-companions = Is anybody going along?
leave-everybody = All
leave-destination = Where are you going?
leave-together = Go: { $people }
destination-home = Home
destination-relatives = Family, friends
destination-shelter = Other shelter
destination-car = In the car
destination-hospital = Hospital, home
destination-undecided = Not decided
to-home = Home
to-relatives = To family or friends
to-shelter = To another shelter
to-car = In the car
to-hospital = To a hospital or home
to-undecided = Where to: not decided yet
when-yesterday = yesterday { $time }
when-today = today { $time }
when-tomorrow = tomorrow { $time }
when-day = { $day } { $time }
answer-yes = Yes
answer-no = No
answer-no-note = go back

## Search by name
search-title = Find a name
search-hint = Touch how the name begins
search-nobody = Not on the roster
search-others = { $people } more
pad-row = { $row }…
pad-voiced = ga
pad-half-voiced = pa
pad-long = long
pad-small = small
pad-delete = Del
check-in-question = Register this person?
check-in-yes = they are here
give-name = Give a name
give-name-question = Is it this person's card?
give-name-yes = give this name
not-on-roster = Not listed
not-on-roster-title = Not on the roster
not-on-roster-after = Done, then count
register-question = Who are they?
register-visitor = A visitor
register-visitor-note = From outside the town
register-resident = A resident
register-resident-note = Not on the roster yet

## Groups
group-title = Groups
district-question = Choose the district
districts-empty = No roster on this terminal
group-question = Choose the group
group-none = In no group
group-leader-question = Who speaks for them? Touch your own name
group-say = Touch everybody who is here
group-speaker = Said by { $name }
group-of = { " " }/ { $people }
group-done = Done

## The leader's pages
leader-title = Staff
settings-note = Sound, screen, way
not-arrived = Not arrived
not-arrived-note = Not here yet
roll-call = Roll-call
roll-call-note = See who is here

## Who has not arrived
part-arrived = Came: { $people }
part-passed = Passed: { $people }
part-told = Elsewhere: { $people }
part-not-seen = Not yet: { $people }
district-missing = Not yet: { $people }
district-complete = All known
district-support = Support: { $people }
district-counted = { $arrived } of { $people } came
households-say = Incomplete: { $count }
households-none = Every household is complete
households-of = { $from }–{ $to } / { $total }
support-needed = needs support
standing-not-seen = Not yet
standing-told = Elsewhere
standing-passed = Passed
standing-arrived = Came
standing-elsewhere = Known
standing-unaccounted = Not found
elsewhere-question = Did you hear they are elsewhere?
elsewhere-say = Only if somebody said that they are safe
elsewhere-yes = told: elsewhere

## Roll-call
roll-call-empty = Nobody is here
roll-call-say = Touch whom you met
roll-call-send = Seen: { $people }
roll-call-end = End roll-call
roll-call-first = Send those first
roll-call-over = End the roll-call?
roll-call-over-since = Not seen since { $when }
roll-call-over-say = Unaccounted for, but not gone
roll-call-over-yes = end it
hour-one = 1 hour ago
hour-three = 3 hours ago
hour-morning = { $when }
stay-here = { $when }
stay-unaccounted =
    Unaccounted
    { $when }
stay-out =
    Out
    until { $when }
stay-out-open = Out
stay-beside =
    Outside
    { $when }

## Settings
setting-counter = Task
setting-direction = Way
setting-sound = Sound
setting-look = Screen
direction-entrance = Entrance
direction-exit = Exit
volume-silent = Off
volume-low = Low
volume-middle = Middle
volume-high = High
look-day = Normal
look-night = Night
look-sunlight = Sunlight

## Health
health-title = This terminal
health-nothing-asked = Nothing to do
health-asked = Things to do: { $count }
severity-plain = –
severity-fine = Good
severity-notice = Look
severity-broken = Not working
health-disk = Records
health-disk-ok = Being written
health-disk-full = Full
health-disk-failing = Cannot be written
health-reader = Card reader
health-reader-ready = Connected
health-reader-missing = Not connected
health-reader-stuck = Does not answer
health-clock = Clock
health-clock-sure = { $time } Right
health-clock-unsure = { $time } Not confirmed yet
health-clock-ahead = { $time } { $difference } ahead of the town hall
health-clock-behind = { $time } { $difference } behind the town hall
health-card-data = Card data
health-card-data-none = None yet
health-card-data-as-of = From: { $age }
health-link = Network
health-link-online = Connected to the town
health-link-offline = Working offline
health-link-offline-since = Offline, last { $age }
health-link-not-enrolled = Not registered with the town yet
health-unsent = Records not sent yet
health-unsent-count = { $count }
health-unsent-none = None, received { $time }
health-unsent-since = { $count }, rest received { $time }
health-sound = Sound
health-sound-on = On
health-sound-off = Off
health-sound-missing = No loudspeaker
age-now = just now
age-minutes = { $count } min ago
age-hours = { $count } h ago
age-days = { $count } days ago
duration-minutes = { $count } min
duration-hours = { $count } h
duration-days = { $count } days
advice-now = What to do now
advice-disk-full = Call the town, register on paper
advice-disk-failing = Call the town, register on paper
advice-reader-missing = Plug the card reader in
advice-reader-stuck = Unplug the card reader and plug it in again
advice-clock = If the clock is wrong, tell the town
advice-card-data = Connect where there is a network
advice-card-data-contested = Tell the town office
advice-enrol = Ask the town to register this terminal
advice-sound = Plug the loudspeaker in

## Without the daemon
connecting-title = Reconnecting…
connecting-say =
    This happens by itself.
    What was done is not lost.
version-title = Being updated
version-say =
    Please wait. If it goes on,
    switch off and on again.
paper-title = You can go on with paper
paper-say =
    Write name and time on the paper form.
    Later, hold the card again or enter the count.

## Registration by a card
registration-title = Register by card
registration-question = Which number opens the card?
registration-pin = PIN, 4 digits
registration-pin-note = Chosen by the holder
registration-pin-say = The holder types it. The number is not kept.
registration-number = Number B, 14 digits
registration-number-note = Read off the front of the card
registration-number-say = Birth date 6 digits (year of the era, month, day), year of expiry 4 digits, security code 4 digits
registration-next = Next
registration-card = Put the card down
registration-card-say = It is waited for 30 seconds. Do not move it until it is read.
candidate-question = Is it this person's card?
candidate-name = Name
candidate-birth = Born
candidate-sex = Sex
candidate-address = Address
candidate-agrees = same
candidate-differs = differs
candidate-not-known = not known
candidate-unsigned = Signature not checked: look at the person.
candidate-other = Somebody else
candidate-nobody = Nobody on the roster fits
candidate-nobody-say = The person is registered. You can look for the name.
attributes-counted = The person is registered
attributes-wrong = Wrong number
attributes-tries-left = { $tries } more
attributes-wrong-what = Ask the holder before trying again
attributes-blocked = This number is blocked
attributes-blocked-what = Use number B, or find the name
attributes-last-try = One try left: not read
attributes-last-try-what = Use number B, or find the name
attributes-not-there = This card cannot register
attributes-by-name = Find the name from the list for later
attributes-not-read = The card was not read
attributes-not-read-what = Begin again with the number
attributes-not-signed = The card's signature is wrong

## Staff
notice-done = Done
sign-in-title = Staff sign-in
sign-in-card = Hold your staff card
sign-in-card-say = The QR code of a relief pass works too. Waiting for 30 seconds.
sign-in-pass-read = The pass was read
sign-in-again = Once more
sign-in-with-pin = With a PIN
sign-in-nobody = No staff here
sign-in-pin = PIN, 4 digits
sign-in-pin-say = The number of your staff card. Type it, then hold the card. Scan a relief pass now.
sign-in-number = Number of the pass, 4 digits
sign-in-number-say = The number that you got with your pass.
sign-in-not-allowed = Not for whoever is signed in. Another member of staff is needed.
sign-in-trouble-say = People can be received without staff.
fault-not-staff = This is no staff card
fault-over = This card or pass is over
fault-not-proven = The PIN is needed
fault-stopped = This card cannot be used now
fault-blocked = This number is blocked
without-staff-question = Is there really no staff?
without-staff-about = It is written down
without-staff-say = Somebody of the town will ask why
without-staff-yes = nobody: open
staff-entry = Staff
staff-entry-note = Sign in
staff-nobody = Nobody
staff-end = Sign out
staff-chip = { $name } ・ { $role }
staff-alarms = alarms { $count }
leader-alarms = Alarms: { $count } (much read, or no staff)
role-volunteer = Volunteer
role-leader = Leader
role-nurse = Nurse, doctor
role-official = Town staff
role-inquiry = Inquiries
role-auditor = Auditor
pass-title = Relief pass
pass-note = Other towns
pass-role = What do they do?
pass-days = For how many days?
pass-day = { $days }
pass-issue = Issue the pass
pass-number = Number
pass-say = Take a photo or copy it. It is shown only once.
qr-not-possible = No QR code possible
reason-care = Treatment, care
reason-family = Looking for family
reason-correction = Correcting the list
reason-round = Roll-call, round
reason-inquiry = An inquiry
reason-rescue = Rescue
reason-handover = Handing over
reason-other = Other

## Who looked
lookups-title = Who looked
lookups-count = Looked: { $count }
lookups-say = Your record was looked at: { $count }
lookups-none = Nobody looked
did-signed-in = Signed in
did-searched = Looked for the name
did-leader-list = Saw "Check later"
did-group = Saw the group's list
did-not-arrived = Saw who has not arrived
did-stays = Saw the roll-call
did-care-list = Saw the care list
did-person = Saw what is written down
did-inquiry = Answered an inquiry
did-exported = Exported the list
did-bulk = Read many records
did-audit = Saw the log
did-stick = Wrote to a stick

## The questions of an arrival
need-asked-life = Oxygen, dialysis, insulin
need-asked-injury = Injury, fever
need-asked-not-alone = I need help
ask-room = Talk in private

## Care
care-title = Care
care-note = Who needs care
care-nobody = Nobody needs care
care-hidden = [Hidden] { $name }
care-seen = seen { $when }
care-question = Open this person's record?
care-yes = say why
care-age = { $years } years
care-has-more = There is more that this terminal cannot read
care-nothing = Nothing is written down yet
why-title = Why do you look?
why-say = It is written down, and the person can see it.
handed-over = Handed over to { $name }, { $when }
hand-over-title = Hand over
hand-over-pin = PIN of the next one
hand-over-say = The next one types it and then holds the card.
hand-over-card = Next: hold your card
weight-life = Life at risk
weight-acute = Unwell
weight-care = Needs help
weight-arrangement = To arrange
due-minutes = { $count } min left
due-hours = { $count } h left
over-minutes = { $count } min late
over-hours = { $count } h late
due-at = { $when } ・ { $span }
write-need = Needs
write-stay = Sleeps
write-help = Can help
write-consent = Consent
write-proxy = Proxy
write-contact = Contact
write-down = Write down
entry-kana = Reading
entry-language = Language
entry-damage = Damage to the house
need-over = No more needed
need-no-time = No time set
step-half-hour = +30 min
step-hour = +1 h
step-six-hours = +6 h
step-day = +1 day
step-no-time = No time
degree-support = Support { $degree }
degree-care = Care { $degree }
degree-a = A
degree-b = B
degree-weeks = Week { $degree }
degree-grade = Grade { $degree }
degree-unknown = Degree not known
degree-less = lower degree
degree-more = higher degree
need-frail = Support or care level
need-physical = Physical disability
need-intellectual = Intellectual disability
need-mental = Mental disability
need-pregnant = Pregnant
need-infant = Infant
need-disease = Rare disease
need-dementia = Dementia
need-wheelchair = Wheelchair
need-oxygen = Oxygen
need-ventilator = Ventilator
need-dialysis = Dialysis
need-insulin = Insulin
need-mind = Mental health
need-visual = Sees little
need-hearing = Hears little
need-sign-language = Sign language
need-written = Writing
need-braille = Braille
need-read-aloud = Reading aloud
need-easy-japanese = Easy Japanese
need-interpreter = Interpreter
need-place = Gender-neutral place
need-religious-food = Religious food
need-medication = Medicine
need-injured = Injured
need-fever = Fever, cough
need-infection = Infection
need-egg = Allergy: egg
need-milk = Allergy: milk
need-wheat = Allergy: wheat
need-buckwheat = Allergy: buckwheat
need-peanut = Allergy: peanut
need-shrimp = Allergy: shrimp
need-crab = Allergy: crab
need-walnut = Allergy: walnut
need-allergy = Other allergy
sleeps-shelter = In the shelter
sleeps-tent = Tent
damage-destroyed = Destroyed
damage-large-half = Large half
damage-medium-half = Medium half
damage-half = Half
damage-nearly-half = Nearly half
damage-partial = Partial
damage-flooded = Flooded above floor
damage-unknown = Not known
damage-none = None
help-doctor = Doctor
help-nurse = Nurse
help-midwife = Midwife
help-care = Care
help-childcare = Childcare
help-interpreter = Interpreter
help-cooking = Cooking
help-licence = Driving, machines
help-equipment = Can lend tools
help-other = Other
consent-whom = Who may be told?
consent-presence = That I am here
consent-place = Where I am
consent-condition = Injury, illness
consent-contact = Address, phone
consent-needs = Needs
consent-mail = Mail is brought
consent-photo = Photos
circle-household = Family at home
circle-relatives = Relatives, workplace
circle-acquaintances = Acquaintances
circle-everybody = The notice board
circle-police = Police
circle-fire = Fire service
circle-welfare = Welfare
circle-post = Post office
proxy-for = Proxy for what?
proxy-name = Name of the proxy
proxy-until = Until when?
proxy-everything = Everything
proxy-goods = Goods
proxy-registration = Registration
proxy-health = Health
proxy-applications = Applications
until-day = 1 day
until-week = 7 days
until-month = 30 days
until-open = No end
contact-name = Name of the contact
contact-phone-say = The number of the contact.

## What whoever leaves takes along
phone-title = Phone number
phone-word = Phone number
phone-say = Only so that we can reach you. You need not give one.
phone-skip = No number
phone-done = Done
phone-optional = If you like
phone-given = Noted
slip-leaving-show = Show the slip
slip-transfer-show = Transfer slip
slip-note = Take a photo
slip-leaving = Slip
slip-transfer = Transfer slip
slip-leaving-say = Take a photo of this screen. Show it at the desk when you come back.
slip-transfer-say = Take a photo of this screen. Show it at the next shelter's desk.
slip-until = until { $when }

## The site
idle-confirmed = seen in 12 h: { $confirmed } / { $people }
idle-confirmed-short = seen: { $confirmed }
heads-title = Names now known
heads-note = No names yet
heads-say = Groups counted without names: { $count }. Touch one whose names are known.
heads-none = Nobody was counted without a name
heads-question = How many of them have a name now?
heads-done = Named: { $people }
conflicts-title = At two places
conflicts-note = Say which is right
conflicts-none = Nobody is at two places
conflicts-question = Are they here now?
conflicts-settle-say = The other record is kept
conflicts-yes = they are here
assessment-title = This place
assessment-note = Toilets, water, food
assessment-never = Nobody has looked yet
assessment-last = Seen { $when }
aspect-toilets = Toilets
aspect-water = Water
aspect-heating = Heating
aspect-food = Food
aspect-infection = Infection
aspect-space = Space
grade-not-looked = Not yet
grade-good = Good
grade-short = Worry
grade-urgent = Urgent
own-shelter-title = Own shelter
own-shelter-note = Opened by people
own-shelter-question = What is your shelter called?
own-shelter-of = { $district } own shelter
own-shelter-plain = Own shelter
own-shelter-sure = Open as an own shelter?
own-shelter-say = From now on people are received under this name
own-shelter-yes = open it

## Sticks
stick-title = Carry by USB stick
stick-note-none = Plug one in
stick-note-there = Plugged in
stick-note-underway = Leave it in
stick-note-over = Finished
stick-none = Plug a USB stick in
stick-none-say = It carries records when the town hall cannot be reached. Only the town's terminals and the town hall can read them.
stick-wait = If nothing changes in 10 seconds, plug in another stick
stick-there = A stick is plugged in
stick-there-say = Only the town's terminals and the town hall can read it.
stick-several = More than one stick
stick-several-say = Nobody could tell which one to take out.
advice-stick-several = Leave one stick in and take the others out
stick-begin = Start
stick-begin-note = Reads others' records, then writes ours
stick-again = Start again
stick-again-note = With the records since then
stick-reading = Reading
stick-writing = Writing
stick-keep = Do not take it out yet
stick-step-read = Read others' records
stick-step-write = Write our records
stick-step-now = Now
stick-step-done = Done
stick-step-later = Next
stick-take-out = You may take it out now
stick-over = Finished
stick-next = Finished { $when }. Now plug it in at the town hall or at another terminal.
stick-not-written = The records are safe on this terminal.
stick-full = The stick is full
stick-read-only = The stick cannot be written
stick-taken-out = It was taken out too early
stick-broken = The stick is broken
stick-no-town = Not registered with a town
stick-our-fault = This terminal could not write
advice-stick-full = Plug in another stick
advice-stick-read-only = Move the switch on its side, or plug in another stick
advice-stick-again = Plug it in again and start again
advice-stick-other = Plug in another stick
advice-stick-health = Try again; if it fails, look at the terminal's health
stick-row-files = Files read
stick-row-new = New records
stick-row-aside = Not believed, put aside
stick-row-written = Records written
stick-files = { $count }
stick-records = { $count }
stick-portions = { $count }
stick-nothing = None
stick-not-taken = Files not read to the end: { $count }
stick-more = And { $count } more
stick-file-none = It is no file
stick-file-long = It is too large
stick-file-unreadable = The stick does not give it
stick-file-foreign = Not this town's, or damaged
stick-file-stranger = Another town's, or of a terminal that was shut out
stick-file-half = Cut off. What could be read was taken
stick-file-our-fault = This terminal could not read it. Try again

## Hiding
hiding-title = Hiding
hiding-note = On their wish
hiding-quiet = Speak so that only this person hears it
hide-title = Hide
hide-note = Find the name
hide-question = Hide this person?
hide-say = On other screens they have not come yet
hide-yes = hide them
lift-title = Stop hiding
lift-note = Their own card and PIN
lift-pin = The person's PIN
lift-say = The person types it and then holds their own card.
lift-card = The person's card, please

## What the town's officers say, and a check-point while a tsunami is on its way
alert-exercise = Drill
alert-real = REAL
alert-sent = sent { $time }
alert-more = { $count } more
alert-minutes = { $minutes } min left
alert-soon = Very soon
passage-call = Keep going
    Go up
passage-until = Until the tsunami
passage-tsunami = The tsunami comes
passage-card = You do not need to hold a card
passage-not-read = Not read. Keep going up
leave-call = Staff:
    leave now
leave-stay = Stay one more minute
leave-stay-note = This comes back after a minute

# Officers: an alert is sent
officer-title = Send an alert
officer-note = Order or end
officer-keys-title = Make officer's keys
officer-keys-note = To send alerts yourself
officer-keys-pin = Your card's PIN
officer-keys-say = The PIN of four digits. Then hold your card. The keys work only while it is there.
officer-keys-again = The town hall has not answered yet. If you make keys again, those before are of no use.
officer-keys-card = Hold your card here
officer-keys-read-out = The keys are made. Call the town hall and read out these three words
officer-keys-until = Once the town hall has listed them, you can send alerts at every box.
officer-live-band = REAL ・ on every television of the town
officer-exercise-band = DRILL ・ no real disaster
officer-begin-live = A real alert
officer-begin-live-note = Two officers sign it
officer-begin-exercise = A drill's alert
officer-begin-exercise-note = One officer signs it
officer-clock = It is { $time }
officer-clock-unsure = Nobody knows whether this box's clock is right. Compare it with your watch
officer-clock-ahead = The clock here is { $difference } ahead: televisions get it that late. Send it elsewhere, or call the town hall
officer-clock-behind = This box's clock is { $difference } behind the town hall's, and so is the time of what is sent here. The town hall or another box has the right one
officer-too-few = Fewer than two officers can sign at this box. A real alert takes two
officer-there = What is there
officer-waits-here = Waits for signatures { $signed }/{ $needed }
officer-waits-there = The town hall's draft. Signed { $signed }/{ $needed }
officer-is-out = Out since { $time }. Change, cancel, all-clear
officer-which = Which alert?
officer-which-now = What does it become?
officer-where = Which districts?
officer-where-now = Which districts now?
officer-told-before = Told already
officer-places = Closed places
officer-places-count = Closed: { $count }
officer-places-title = Take out what cannot be used
officer-places-say = Their districts go to the next place
officer-places-done = That is all
officer-when-next = Next: when it comes
officer-when = When does the tsunami come?
officer-when-say = In how many minutes from now? If in doubt, take the earlier one
officer-minutes = { $minutes } min
officer-as-before = { $time } as before
officer-arrival-unknown = Not known
officer-see = See what televisions say
officer-all-districts = All districts of the town
officer-some-districts = Districts: { $count }
officer-thread-title = What becomes of this alert?
officer-change-arrival = Say when it comes
officer-arrival-known = It says about { $time } now
officer-arrival-not-said = Not said yet
officer-change = Change or renew
officer-change-note = Level, districts, places, a longer time
officer-cancel = Cancel (a mistake)
officer-cancel-alone = One officer can until { $time }
officer-cancel-drill = The drill's alert was a mistake
officer-clear = All clear (danger over)
officer-two = Two officers have to sign
officer-clear-drill = The end of the drill
officer-see-title = These words go out
officer-sent-title = It is out
officer-drop = Drop it
officer-fact-sent = Time of issue: { $time }
officer-fact-expected = tsunami at about { $time }
officer-fact-not-expected = the tsunami's time is not known
officer-fact-update = In place of the alert that is out
officer-unsure = { $name } (not known to be safe)
officer-without-place = { $name } (no safe place)
officer-fact-places = Where to: { $names }
officer-fact-districts = Districts: { $names }
officer-signed = Signed { $signed }/{ $needed }
officer-sign-alone = Sign by card and send
officer-sign-first = First officer signs
officer-sign-second = Second officer signs and sends
officer-sign-title = Sign
officer-pin-first = The signer's PIN
officer-pin-second = The second officer's PIN
officer-pin-say = Four digits, typed by the officer. Then that officer's card is held.
officer-card = Hold the signer's card here
officer-sent-here = It is out at this box and those near it. The town hall gets it once there is a line
officer-sent-there = It went out from the town hall
officer-gone = This draft is gone. Begin again
officer-overtaken = It does not fit what was sent since. Begin again
officer-signed-already = You signed already. Another officer has to
officer-needs-another = One officer cannot take it back any more. Another one has to sign
officer-not-listed = The keys of this card cannot sign this. Ask the town hall
officer-not-prepared = This alert cannot be sent. The town's plan has to be looked at
officer-no-town-hall = There is no line to the town hall. Its drafts cannot be signed now
officer-not-kept = This box cannot store it. Nothing is out. Sign again, or send it at another box. In a hurry, sound the siren
officer-not-kept-box = This box cannot store it. Do it at another box
officer-not-kept-there = The town hall's server cannot store it. It is not out yet. Sign again
officer-test-clock = Nobody knows whether this box's clock is right, so the test would not count. Test at a box with the right time and a line to the town hall
officer-test = Test signature (monthly)
officer-test-note = Shows that your keys work. Nothing is sent
officer-test-last = Tested at this box last on { $date }
officer-test-title = Test signature
officer-test-say = Nothing is sent anywhere. After the PIN, hold your card.
officer-tested-title = Your keys work
officer-tested = The test signature is made.
    Once there is a line, the town hall counts you as able to sign.
fault-no-officer-key = Of this card there are no officer's keys. Its PIN was not used
fault-other-card = Not the card of whoever is signed in. Its PIN was not used
fault-unsuitable = Officer's keys do not work with this card

# Give a television to a household
television-title = Connect a TV
television-note = By card
setting-television = TV
television-say = Type the 8 digits that the set shows, then hold the card of somebody of that home.
television-type = Type the digits
television-none = No television was connected here
television-code = The 8 digits on the set
television-code-say = Next, somebody of that home holds their card. It checks nobody in.
television-card = Hold the card of somebody of that home
television-question = Is the set this home's?
television-home = Home of { $name }
television-number = Digits of the set { $code }
television-names = The set will show the names of this home
television-yes = connect it
television-waiting = Kept on this box. Please wait until the town hall has it
television-bound = Connected. See that the set shows this home's names
television-no-such-code = No set shows these digits. Look at the set and try again
television-not-here = This home's sets are connected at the town hall
fault-no-household = This card's home cannot be connected here. The town hall can
fault-not-checked = Nobody knows here whether this card was stopped. Tell the town hall the number on the television: it can connect it. Alerts are shown before that too
