# Words of the kiosk. Short, polite, plain; say what to do, not what failed. GLOSSARY.md decides the terms.

## The bar
mode-daily-life = 平常時
mode-live = 災害
mode-drill = 訓練
incident-unnamed = 災害対応中
banner-silent = 音なし
banner-date = { $month }{ $day }日({ $weekday })
drill-this-is = これは訓練です
drill-not-real = 本物の災害ではありません
drill-to-stop = 訓練を やめてください
drill-tag = 訓 練
receiving-closed = 受付は していません
receiving-opening = 避難所を 開けます
receiving-inside = 避難者を受け付けています
receiving-outside = 建物の外で 受け付けています
counter-shelter = 避難所の受付
counter-watch = 見守り
month-january = 1月
month-february = 2月
month-march = 3月
month-april = 4月
month-may = 5月
month-june = 6月
month-july = 7月
month-august = 8月
month-september = 9月
month-october = 10月
month-november = 11月
month-december = 12月
weekday-monday = 月
weekday-tuesday = 火
weekday-wednesday = 水
weekday-thursday = 木
weekday-friday = 金
weekday-saturday = 土
weekday-sunday = 日

## What could not be done
notice-not-sent = 届きませんでした。もう一度 押してください。
notice-over = 時間が すぎました。もう一度 カードを かざしてください。
notice-not-now = いまは できません。続くときは 町の担当に 知らせてください。
notice-disk = 記録できませんでした。紙に 書いてください。
notice-sign-in = 職員の カードで サインインしてください
notice-pin = 暗証番号も 要ります。もう一度 サインインしてください

## Idle
idle-lane = 窓口{ $lane }
idle-lane-exit = 窓口{ $lane } 出口
idle-counted = いま
idle-counted-drill = 訓練の人数
idle-counted-watch = 今日
idle-people = { $people }人
idle-call =
    カードを
    かざしてください
idle-call-exit =
    出かける方は カードを
    かざしてください
idle-hint = 音が鳴るまで、置いたまま 1秒ほど。
idle-hint-silent = 画面が 変わるまで、置いたまま 1秒ほど。
idle-hint-closed = 本部：この 場所は 閉めました。来た 人は 受け付けます。
idle-hint-pin = 暗証番号は いりません。
idle-hint-ordinary = 災害のときは 先に「避難所を 開く」を。
idle-no-reader =
    カードが いま
    使えません
idle-no-reader-hint =
    「人数だけ」で 受け付けて、
    お名前は 紙に 書いてください。
idle-no-reader-watch =
    係の人に お声がけください。
    来られたことは 紙に 書きます。
idle-no-record =
    紙の 避難者カードに
    書いてください
idle-no-record-hint = この端末は いま 記録できません。
light-ready = 受付できます
light-drill = 訓練の受付中
light-no-reader = カードが 使えません
light-no-record = 記録できません
light-look = さわって 確かめる
light-online = 町と つながっています
light-offline = 通信なしで 動作中
light-drill-note = 本物の記録に入りません
open-live = 避難所を 開く
open-live-note = 災害が 起きたとき
head-count = 人数だけ
leader-list = あとで確認
leader-list-count = { $count }件
settings-title = 窓口の設定
watch-list = 今日 まだの方
language-to-english = English
language-to-japanese = 日本語
drill-to-live = 訓練中止・本番
drill-to-live-note = ほんとうの災害が起きたとき

## Answers
answer-accepted = 受け付けました
answer-here = 確認しました
answer-recorded = 記録しました
answer-undone = 取り消しました
answer-next-person = 次の方は このまま かざせます
name-spoken = { $name } さん
name-later = お名前は あとで
next-step-inside = どうぞ 中へ お進みください
next-step-outside = 建物の外で お待ちください
next-step-wait = 建物を確かめるまで お待ちください
next-step-daily = ありがとうございます
undo-records = 取り消す
undo-seconds = あと { $seconds }秒
undone-note = もう一度 かざすと 受け付けます
done-people = { $people }人
done-watch = ありがとうございます

## Household
household-question = いっしょに来た人を 押してください
household-everybody = 全員 来ました
household-others = ほかの人
household-done = { $people }人で 完了
member-already-in = { $time } 受付ずみ
page-of = { $page } / { $pages }

## Counting
count-question = いっしょに来た人は いますか
count-adults = 大人
count-adults-age = 15歳から
count-children = 子ども
count-children-age = 3歳から 14歳
count-infants = 赤ちゃん
count-infants-age = 2歳まで
count-fewer = 1人 減らす
count-more = 1人 ふやす
head-count-say =
    カードが なくても
    いま 数えられます。
    お名前は あとで
    うかがいます。
head-count-none = ＋を 押して 数えてください
head-count-done = { $people }人を 受け付ける

## Already here
here-at = { $time } ここに います
here-stay = 何も押さなければ ここにいるままです
leave-question = 離れるときだけ えらんでください
leave-question-exit = どちらへ 行かれますか
leave-out = 出かける
leave-out-note = 今日 もどる
leave-overnight = 外泊
leave-overnight-note = 泊まって もどる
leave-moved = 転所
leave-moved-note = 別の避難所へ
leave-left = 退所
leave-left-note = 家などへ
left-out = いってらっしゃい
left-out-note = 外出を 記録しました
left-overnight = お気をつけて
left-overnight-note = 外泊を 記録しました
left-moved = お気をつけて
left-moved-note = 転所を 記録しました
left-left = お疲れさまでした
left-left-note = 退所を 記録しました

## Staff, and hold again
staff-call =
    係の人に
    お声がけください
staff-counted = 人数には 入っています。
staff-to = 係の方へ
staff-what = お名前を うかがってください
staff-next = 次の人へ
again-call =
    もう一度
    かざしてください
again-foreign-badge =
    この名札は この町の 受付では
    使えません。係の人に お声がけください。
again-torn =
    とちゅうで 離れました。
    まだ 記録していません。
again-mute =
    読み取れませんでした。
    まだ 記録していません。
again-flat = 平らに 置く
again-case = ケースから 出す
again-single = 1枚だけ 置く
again-without-card = カードなしで 受け付ける
disk-call = 記録できませんでした
disk-full-note =
    端末が いっぱいです。
    どうぞ お入りください。
    お名前は 紙の 避難者カードに 書きます。
disk-failing-note =
    端末に 書き込めません。
    どうぞ お入りください。
    お名前は 紙の 避難者カードに 書きます。

## Opening
opening-header = もどる
open-live-title = 避難所を 開きますか
open-live-say =
    災害の受付を 始めます。
    通信は いりません。
    つぎに 建物が 安全かを うかがいます。
open-live-confirm = 避難所を 開く
open-drill = 訓練を 始める
open-drill-title = 訓練を 始めますか
open-drill-say =
    訓練の受付を 始めます。
    本物の記録には 入りません。
    画面が 訓練の色に かわります。
open-drill-confirm = 訓練を 始める
drill-end = 訓練を 終わる
drill-ended-title = 訓練は 中止・本番です
drill-ended-say =
    ほかの窓口か 端末で 押されました。
    訓練の受付は 本番に 入りません。
    もう一度 カードを かざしてください。
drill-ended-next = わかりました
building-question = 建物は 安全ですか
building-hint = 入る前に、外から 見てください。だれが答えても かまいません。
building-hint-tall =
    入る前に、外から 見てください。
    だれが答えても かまいません。
building-tilt = かたむき
building-crack = 大きな ひび
building-falling = 落ちてくる物
building-fire = 火・ガスのにおい
building-nothing = どれも ない
building-nothing-note = 開けて 受付を始める
building-nothing-marked = 印を 消すと 押せます
building-something = ある・わからない
building-something-note = 入らず、外で 受付を始める

## Watch
greeting-morning = おはようございます
greeting-day = こんにちは
greeting-evening = こんばんは
greeting-recorded = { $time } 記録しました
mood-question = 今日は いかがですか
mood-fine = 今日は 元気
mood-talk = ちょっと 相談
mood-away = しばらく 留守にします
mood-nothing-needed = 何も押さなくても 大丈夫です
consent-not-yet = まだ 記録していません
consent-question = 見守りを 始めますか
consent-explanation =
    カードを かざした日と 時刻を 記録して、
    来られない日に 町の担当が お声がけします。
    やめるときは 町の担当に お伝えください。
consent-yes = はい
consent-yes-note = お願いします
consent-no = いいえ
consent-no-note = けっこうです
watch-list-say = 今日 まだの方は { $count }人です
watch-list-empty = 今日は みなさん お見えです
list-loading = 調べています…
page-next = 次のページ
page-back = もどる

## Leader's list
leader-list-say = { $count }件 あります。手があいたときに ご確認ください。
leader-list-empty = 確認する ことは ありません
leader-list-nameless = お名前は まだ
leader-list-separator = ・
doubt-unknown-card = はじめてのカード。お名前を うかがう
doubt-expired = カードの期限が すぎている
doubt-not-yet-valid = カードの期間の前。端末の時計を 見る
doubt-stopped = いまは使われていないカード。ご本人か うかがう
doubt-reported = 使われなくなったカード?ご本人か うかがう
doubt-lost = なくした届けのあるカード。ご本人か うかがう
doubt-room = 別室で 相談したい そうです
doubt-no-card-data = カード確認データが 足りない
doubt-issuer = カードの発行元が わからない
doubt-test-card = テスト用のカード
doubt-unreadable = カードの中身が 読めない
doubt-purpose = この用途ではないカード
doubt-chip = 登録とちがうカードかも。ご本人か うかがう
doubt-two-readers = 同じカードが 2つの窓口で かざされた
doubt-pin = 暗証番号がいるカード(スマホなど)
doubt-unsupported = あつかえない種類のカード

## Leaving, and where to
left-until-back = { $when } までに もどる
left-until-asked = { $when }ごろ 連絡します
leave-companions = いっしょに 出る人は いますか
leave-everybody = 全員
leave-destination = どちらへ 行かれますか
leave-together = { $people }人で 出発
destination-home = 自宅
destination-relatives = 親せき・知人の家
destination-shelter = 別の避難所
destination-car = 車の中
destination-hospital = 病院・施設
destination-undecided = まだ 決まっていない
to-home = 自宅へ
to-relatives = 親せき・知人の家へ
to-shelter = 別の避難所へ
to-car = 車の中へ
to-hospital = 病院・施設へ
to-undecided = 行き先は まだ 決まっていません
when-yesterday = 昨日 { $time }
when-today = 今日 { $time }
when-tomorrow = 明日 { $time }
when-day = { $day } { $time }
answer-yes = はい
answer-no = いいえ
answer-no-note = もどります

## Search by name
search-title = 名前で さがす
search-hint = 名前の はじめを 押してください
search-nobody = 名簿に 見つかりません
search-others = ほか { $people }人
pad-row = { $row }行
pad-voiced = 濁点
pad-half-voiced = 半濁点
pad-long = のばす
pad-small = 小さく
pad-delete = 1字 消す
check-in-question = この方を 受け付けますか
check-in-yes = ここに 来ています
give-name = 名前を つける
give-name-question = このカードは この方の ものですか
give-name-yes = 名前を つけます
not-on-roster = 名簿に ない人
not-on-roster-title = 名簿に ない人
not-on-roster-after = 完了して 人数を 数える
register-question = どちらの 方ですか
register-visitor = 帰省者・来訪者
register-visitor-note = 町の外から 来た人
register-resident = 町の人
register-resident-note = 名簿に まだ ない人

## Groups
group-title = 班の 名簿
district-question = 地区を えらんでください
districts-empty = この端末に 名簿は ありません
group-question = 班を えらんでください
group-none = 班の ない人
group-leader-question = だれが 申告しますか。ご自分の 名前を 押してください
group-say = ここに来ている人を 押してください
group-speaker = 申告する人: { $name } さん
group-of = { " " }/ { $people }人
group-done = 完了

## The leader's pages
leader-title = 係の方へ
settings-note = 音・画面・向き
not-arrived = 未到着
not-arrived-note = まだ 来ていない人
roll-call = 点呼
roll-call-note = いるかを 確かめる

## Who has not arrived
part-arrived = 来た { $people }人
part-passed = 通過を 確認 { $people }人
part-told = ほかにいる { $people }人
part-not-seen = まだ { $people }人
district-missing = まだ { $people }人
district-complete = 全員 わかりました
district-support = 支援 { $people }人
district-counted = { $arrived } / { $people }人 来ました
households-say = そろっていない世帯 { $count }
households-none = どの世帯も そろいました
households-of = { $from }〜{ $to } / { $total }
support-needed = 支援が必要
standing-not-seen = まだ
standing-told = ほかにいる
standing-passed = 通過を確認
standing-arrived = 来ました
standing-elsewhere = 居場所あり
standing-unaccounted = 所在未確認
elsewhere-question = ほかの所に いると 聞きましたか
elsewhere-say = 無事と 聞いたときだけ「はい」を 押してください
elsewhere-yes = ほかにいると 聞いた

## Roll-call
roll-call-empty = ここに いる人は ありません
roll-call-say = 会った人を 押してください
roll-call-send = { $people }人を 確認した
roll-call-end = 点呼を 終わる
roll-call-first = 先に 確認を 送る
roll-call-over = 点呼を 終わりますか
roll-call-over-since = { $when } から だれも 見ていない人です
roll-call-over-say = 所在未確認に なります。退所には なりません
roll-call-over-yes = 点呼を 終わる
hour-one = 1時間前から
hour-three = 3時間前から
hour-morning = { $when } から
stay-here = { $when } 確認
stay-unaccounted =
    所在未確認
    { $when } 確認
stay-out =
    外出
    { $when } まで
stay-out-open = 外出
stay-beside =
    在宅・車中泊
    { $when } 確認

## Settings
setting-counter = 業務
setting-direction = 向き
setting-sound = 音
setting-look = 画面
direction-entrance = 入口
direction-exit = 出口
volume-silent = なし
volume-low = 小
volume-middle = 中
volume-high = 大
look-day = ふつう
look-night = 夜
look-sunlight = 日なた

## Health
health-title = 端末の ようす
health-nothing-asked = お願いは ありません
health-asked = お願いが { $count }つあります
severity-plain = ―
severity-fine = よし
severity-notice = 注意
severity-broken = 使えません
health-disk = 記録
health-disk-ok = 書き込めています
health-disk-full = いっぱいです
health-disk-failing = 書き込めません
health-reader = カード読み取り機
health-reader-ready = つながっています
health-reader-missing = つながっていません
health-reader-stuck = 返事が ありません
health-clock = 時計
health-clock-sure = { $time } 合っています
health-clock-unsure = { $time } まだ 確かめていません
health-clock-ahead = { $time } 役場より { $difference } すすんでいます
health-clock-behind = { $time } 役場より { $difference } おくれています
health-card-data = カード確認データ
health-card-data-none = まだ ありません
health-card-data-as-of = { $age }のもの
health-link = 通信
health-link-online = 町と つながっています
health-link-offline = 通信なしで 動いています
health-link-offline-since = 通信なし ・ 最後は { $age }
health-link-not-enrolled = まだ 町に 登録していません
health-unsent = まだ送っていない記録
health-unsent-count = { $count }件
health-unsent-none = なし ・ { $time } に 届きました
health-unsent-since = { $count }件 ・ { $time } までは 届きました
health-sound = 音
health-sound-on = 出ます
health-sound-off = 切ってあります
health-sound-missing = スピーカーが ありません
age-now = たったいま
age-minutes = { $count }分前
age-hours = { $count }時間前
age-days = { $count }日前
duration-minutes = { $count }分
duration-hours = { $count }時間
duration-days = { $count }日
advice-now = いま すること
advice-disk-full = 町の担当に 電話して、紙で 受け付けてください
advice-disk-failing = 町の担当に 電話して、紙で 受け付けてください
advice-reader-missing = 読み取り機の線を さしてください
advice-reader-stuck = 読み取り機の線を 抜いて さし直してください
advice-clock = 時計が ずれていたら 町の担当に 知らせてください
advice-card-data = 通信できる所で つないでください
advice-card-data-contested = 町の担当に 知らせてください
advice-enrol = 町の担当に 登録を 頼んでください
advice-sound = スピーカーの線を さしてください

## Without the daemon
connecting-title = 本体に 再接続中…
connecting-say =
    自動で つながります。
    終わった受付は 消えません。
version-title = 更新の とちゅうです
version-say =
    しばらく お待ちください。続くときは
    電源を 入れ直してください。
paper-title = 受付は 紙で つづけられます
paper-say =
    紙の 避難者カードに お名前と 時刻を 書いてください。
    つながったら もう一度 かざしてもらうか、人数を 入れます。

## Registration by a card
registration-title = カードで 登録
registration-question = どちらの 番号で 読みますか
registration-pin = 暗証番号 4けた
registration-pin-note = ご本人が きめた 番号
registration-pin-say = ご本人に 押して いただきます。番号は のこりません。
registration-number = 照合番号B 14けた
registration-number-note = カードの おもてから 分かる 番号
registration-number-say = 生年月日 6けた（和暦の年・月・日）、有効期限の 西暦 4けた、セキュリティコード 4けた
registration-next = 次へ
registration-card = カードを 置いてください
registration-card-say = 30秒 待ちます。読み終わるまで 動かさないで ください。
candidate-question = この方の カードですか
candidate-name = 名前
candidate-birth = 生年月日
candidate-sex = 性別
candidate-address = 住所
candidate-agrees = 同じ
candidate-differs = ちがう
candidate-not-known = 分からない
candidate-unsigned = カードの署名は 確かめていません。ご本人か 見てください。
candidate-other = ほかの人
candidate-nobody = 名簿に 合う人が いません
candidate-nobody-say = 受け付けは すみました。名前で さがすことも できます。
attributes-counted = 受け付けは すみました
attributes-wrong = 番号が ちがいます
attributes-tries-left = あと { $tries }回
attributes-wrong-what = もう一度 押すときは ご本人に たしかめてから
attributes-blocked = この番号は 使えません
attributes-blocked-what = 照合番号Bを 使うか、名前で さがします
attributes-last-try = あと 1回なので 読みません
attributes-last-try-what = 照合番号Bを 使うか、名前で さがします
attributes-not-there = このカードでは 登録できません
attributes-by-name = あとで確認から 名前で さがします
attributes-not-read = カードを 読めませんでした
attributes-not-read-what = 番号から もう一度 はじめます
attributes-not-signed = カードの署名が 合いません

## Staff
notice-done = できました
sign-in-title = 職員の サインイン
sign-in-card = 職員の カードを かざしてください
sign-in-card-say = 応援職員証の QRコードも 読めます。30秒 待ちます。
sign-in-pass-read = 応援職員証を 読みました
sign-in-again = もう一度
sign-in-with-pin = 暗証番号を 入れる
sign-in-nobody = 職員が いない
sign-in-pin = 暗証番号 4けた
sign-in-pin-say = 職員の カードの 番号です。押してから カードを かざします。応援職員証は いま 読ませてください。
sign-in-number = 応援職員証の 番号 4けた
sign-in-number-say = 応援職員証を 受け取った ときの 番号です。
sign-in-not-allowed = いまの 職員では ここは 開けません。ほかの 職員の カードが 要ります。
sign-in-trouble-say = 受け付けは 職員が いなくても つづけられます。
fault-not-staff = 職員の カードでは ありません
fault-over = 職員証の 期限が すぎています
fault-not-proven = 暗証番号が 要ります
fault-stopped = いまは 使えない カードです
fault-blocked = この番号は もう 使えません
without-staff-question = 職員は いませんか
without-staff-about = 記録に のこります
without-staff-say = あとで 町の人が わけを うかがいます
without-staff-yes = いないので 開きます
staff-entry = 職員
staff-entry-note = サインイン
staff-nobody = 職員なし
staff-end = 終わる
staff-chip = { $name } ・ { $role }
staff-alarms = 知らせ { $count }件
leader-alarms = 知らせが { $count }件：たくさん 見た人、職員なしで 開いた人
role-volunteer = ボランティア
role-leader = 責任者
role-nurse = 看護師・医師
role-official = 町の職員
role-inquiry = 安否照会の係
role-auditor = 監査
pass-title = 応援職員証
pass-note = ほかの町の 職員へ
pass-role = 何を する人ですか
pass-days = 何日間 使いますか
pass-day = { $days }日
pass-issue = 応援職員証を 出す
pass-number = 番号
pass-say = 写真を 撮るか 書き写してください。もう 見られません。
qr-not-possible = QRコードに できません
reason-care = 手当て・介護
reason-family = 家族を さがす
reason-correction = 名簿を なおす
reason-round = 点呼・見回り
reason-inquiry = 安否の 照会
reason-rescue = 救助
reason-handover = 引き継ぎ
reason-other = ほか

## Who looked
lookups-title = 見た職員
lookups-count = 見た職員 { $count }回
lookups-say = あなたの記録を { $count }回 見ました
lookups-none = だれも 見ていません
did-signed-in = サインイン
did-searched = 名前で さがした
did-leader-list = あとで確認を 見た
did-group = 班の 名簿を 見た
did-not-arrived = 未到着を 見た
did-stays = 点呼を 見た
did-care-list = 看護の 一覧を 見た
did-person = 書いてあることを 見た
did-inquiry = 照会に 答えた
did-exported = 名簿を 書き出した
did-bulk = たくさん 見た
did-audit = 見た記録を 見た
did-stick = USBメモリに 書いた

## The questions of an arrival
need-asked-life = 酸素・透析 インスリン
need-asked-injury = けが・熱
need-asked-not-alone = ひとりでは 難しい
ask-room = 別室で 相談

## Care
care-title = 看護
care-note = 手当てが 要る人
care-nobody = 手当ての 要る人は いません
care-hidden = 【秘匿・名を 呼ばない】{ $name }
care-seen = { $when } 確認
care-question = この方の 記録を 開きますか
care-yes = 理由を えらびます
care-age = { $years }歳
care-has-more = この端末では 読めない 記録も あります
care-nothing = まだ 何も 書いてありません
why-title = 記録を 見る理由
why-say = 理由は 記録に のこり、ご本人も 見られます。
handed-over = 引き継ぎ { $name } さん { $when }
hand-over-title = 引き継ぎ
hand-over-pin = 次の人の 暗証番号
hand-over-say = 次の人が 押して、つづけて カードを かざします。
hand-over-card = 次の人の カードを かざしてください
weight-life = 命に かかわる
weight-acute = ぐあいが 悪い
weight-care = 介助が 要る
weight-arrangement = 手配が 要る
due-minutes = あと { $count }分
due-hours = あと { $count }時間
over-minutes = { $count }分 過ぎています
over-hours = { $count }時間 過ぎています
due-at = { $when } ・ { $span }
write-need = 必要なこと
write-stay = 寝る場所
write-help = できること
write-consent = 同意
write-proxy = 代理
write-contact = 連絡先
write-down = 書きとめる
entry-kana = ふりがな
entry-language = 話す ことば
entry-damage = 家の 被害
need-over = もう 要りません
need-no-time = 時刻は ありません
step-half-hour = ＋30分
step-hour = ＋1時間
step-six-hours = ＋6時間
step-day = ＋1日
step-no-time = 時刻なし
degree-support = 要支援{ $degree }
degree-care = 要介護{ $degree }
degree-a = A
degree-b = B
degree-weeks = { $degree }週
degree-grade = { $degree }級
degree-unknown = 程度は わからない
degree-less = 程度を さげる
degree-more = 程度を あげる
need-frail = 要支援・要介護
need-physical = 身体障害
need-intellectual = 知的障害
need-mental = 精神障害
need-pregnant = 妊娠中
need-infant = 乳児
need-disease = 難病
need-dementia = 認知症
need-wheelchair = 車いす
need-oxygen = 酸素
need-ventilator = 人工呼吸器
need-dialysis = 透析
need-insulin = インスリン
need-mind = こころの ぐあい
need-visual = 見えにくい
need-hearing = 聞こえにくい
need-sign-language = 手話
need-written = 筆談
need-braille = 点字
need-read-aloud = 読み上げ
need-easy-japanese = やさしい 日本語
need-interpreter = 通訳
need-place = 性別を 問わない場所
need-religious-food = 宗教・信条の 食事
need-medication = 服薬
need-injured = けが
need-fever = 熱・せき
need-infection = 感染症
need-egg = アレルギー 卵
need-milk = アレルギー 乳
need-wheat = アレルギー 小麦
need-buckwheat = アレルギー そば
need-peanut = アレルギー 落花生
need-shrimp = アレルギー えび
need-crab = アレルギー かに
need-walnut = アレルギー くるみ
need-allergy = ほかの アレルギー
sleeps-shelter = 避難所の 中
sleeps-tent = テント
damage-destroyed = 全壊
damage-large-half = 大規模半壊
damage-medium-half = 中規模半壊
damage-half = 半壊
damage-nearly-half = 準半壊
damage-partial = 一部損壊
damage-flooded = 床上浸水
damage-unknown = 不明
damage-none = なし
help-doctor = 医師
help-nurse = 看護師
help-midwife = 助産師
help-care = 介護
help-childcare = 保育
help-interpreter = 通訳
help-cooking = 調理
help-licence = 運転・重機の 免許
help-equipment = 道具を 貸せる
help-other = ほか
consent-whom = だれに 知らせて よいですか
consent-presence = いるかどうか
consent-place = いる場所
consent-condition = けが・病気
consent-contact = 住所・電話
consent-needs = 必要なこと
consent-mail = 郵便物を 届ける
consent-photo = 写真
circle-household = 同居の 親族
circle-relatives = ほかの親族・職場
circle-acquaintances = 知人
circle-everybody = 掲示を 見る人
circle-police = 警察
circle-fire = 消防
circle-welfare = 福祉
circle-post = 郵便局
proxy-for = 何の 代理ですか
proxy-name = 代理の 方の 名前
proxy-until = いつまでの 代理ですか
proxy-everything = すべて
proxy-goods = 物資の 受け取り
proxy-registration = 受付・登録
proxy-health = 健康の 話
proxy-applications = り災証明などの 申請
until-day = 1日
until-week = 7日
until-month = 30日
until-open = 期限なし
contact-name = 連絡先の 方の 名前
contact-phone-say = 連絡先の 方の 番号です。

## What whoever leaves takes along
phone-title = 電話番号
phone-word = 電話番号
phone-say = 連絡の ためだけに 使います。なくても かまいません。
phone-skip = 番号は なし
phone-done = 完了
phone-optional = なくても かまいません
phone-given = うかがいました
slip-leaving-show = 控えを 見せる
slip-transfer-show = 転所票を 見せる
slip-note = 写真に 撮れます
slip-leaving = 控え
slip-transfer = 転所票
slip-leaving-say = この画面を 写真に 撮ってください。もどったとき 窓口で 見せると、すぐ 受け付けられます。
slip-transfer-say = この画面を 写真に 撮ってください。次の 避難所の 窓口で 見せると、すぐ 受け付けられます。
slip-until = { $when } まで

## The site
idle-confirmed = 12時間以内に 確認 { $confirmed } / { $people }人
idle-confirmed-short = 確認 { $confirmed }人
heads-title = 人数だけの人
heads-note = 名前が わかったら
heads-say = 人数だけで 数えた人が { $count }組 あります。名前が わかった組を 押してください。
heads-none = 人数だけで 数えた人は いません
heads-question = このうち 名前が わかった人数は
heads-done = { $people }人の 名前が わかった
conflicts-title = 二か所に いる人
conflicts-note = どちらかを きめる
conflicts-none = 二か所に いる人は ありません
conflicts-question = いまは ここに いますか
conflicts-settle-say = ほかの所の 記録も のこります
conflicts-yes = ここに います
assessment-title = 施設の 状態
assessment-note = トイレ・水・食料
assessment-never = まだ だれも 見ていません
assessment-last = { $when } に 見ました
aspect-toilets = トイレ
aspect-water = 水
aspect-heating = 暖房・冷房
aspect-food = 食料
aspect-infection = 感染症
aspect-space = 広さ
grade-not-looked = まだ
grade-good = よし
grade-short = 心配
grade-urgent = 急ぐ
own-shelter-title = 自主避難所
own-shelter-note = みんなで 開いた所
own-shelter-question = 自主避難所 として 開きます。名前を えらんでください。
own-shelter-of = { $district } 自主避難所
own-shelter-plain = 自主避難所
own-shelter-sure = 自主避難所 として 開きますか
own-shelter-say = これからの 受付は この名前の 場所の ものです
own-shelter-yes = 開きます

## Sticks
stick-title = USBメモリで 運ぶ
stick-note-none = 差すと 使えます
stick-note-there = 差してあります
stick-note-underway = まだ 抜かないで
stick-note-over = 終わりました
stick-none = USBメモリを 差してください
stick-none-say = 町役場に つながらないとき、記録を 運べます。中は 町の 端末と 町役場だけが 読めます。
stick-wait = 差して 10秒 待っても 変わらないときは、別の USBメモリを 差してください
stick-there = 差してあります
stick-there-say = 中は 町の 端末と 町役場だけが 読めます。
stick-several = USBメモリが 2本以上 あります
stick-several-say = どれを 抜けばよいか わからなく なります。
advice-stick-several = 1本だけ 残して、ほかは 抜いてください
stick-begin = 始める
stick-begin-note = ほかの 端末の 記録を 読み、ここの 記録を 書きます
stick-again = もう一度 始める
stick-again-note = そのあとの 記録も 書きます
stick-reading = 読んでいます
stick-writing = 書いています
stick-keep = まだ 抜かないで ください
stick-step-read = ほかの 端末の 記録を 読む
stick-step-write = ここの 記録を 書く
stick-step-now = しています
stick-step-done = 終わり
stick-step-later = このあと
stick-take-out = 抜いて だいじょうぶです
stick-over = 終わりました
stick-next = { $when } に 終わりました。次は、町役場か ほかの 端末に 差してください。
stick-not-written = 記録は この端末に のこっています。
stick-full = いっぱいで 書けません
stick-read-only = 書けない USBメモリです
stick-taken-out = 途中で 抜けました
stick-broken = USBメモリが こわれています
stick-no-town = 町に 登録されていない 端末です
stick-our-fault = この端末が 書けませんでした
advice-stick-full = 別の USBメモリを 差してください
advice-stick-read-only = 横の スイッチを 動かすか、別の USBメモリを 差してください
advice-stick-again = もう一度 差して、はじめから してください
advice-stick-other = 別の USBメモリを 差してください
advice-stick-health = もう一度 押して、だめなら「端末の ようす」を 見てください
stick-row-files = 読んだ ファイル
stick-row-new = 新しく わかった 記録
stick-row-aside = 信じられず 別に した 記録
stick-row-written = 書いた 記録
stick-files = { $count }個
stick-records = { $count }件
stick-portions = { $count }組
stick-nothing = 書いていません
stick-not-taken = 全部は 読めなかった ファイル { $count }個
stick-more = ほかに { $count }個
stick-file-none = ファイルでは ありません
stick-file-long = 大きすぎます
stick-file-unreadable = USBメモリから 読めません
stick-file-foreign = この町の ファイルでは ないか、こわれています
stick-file-stranger = ほかの町か、使えなくした 端末の ファイルです
stick-file-half = 途中で 切れています。読めた分は 入れました
stick-file-our-fault = この端末が 読めませんでした。もう一度 してください

## Hiding
hiding-title = 秘匿
hiding-note = ご本人の 希望で
hiding-quiet = ご本人だけに 聞こえるように 話してください
hide-title = 秘匿に する
hide-note = 名前で さがします
hide-question = この方を 秘匿に しますか
hide-say = ほかの画面では まだ 来ていない人に なります
hide-yes = 秘匿に します
lift-title = 秘匿を 解く
lift-note = ご本人の カードと 暗証番号
lift-pin = ご本人の 暗証番号
lift-say = ご本人に 押して いただき、つづけて ご本人の カードを かざします。
lift-card = ご本人の カードを かざしてください

## What the town's officers say, and a check-point while a tsunami is on its way
alert-exercise = 訓練
alert-real = 本物
alert-sent = { $time } 発表
alert-more = ほか { $count }件
alert-minutes = あと { $minutes }分
alert-soon = すぐ 来ます
passage-call = 止まらず
    上へ
passage-until = 津波が 来るまで
passage-tsunami = 津波が
passage-card = カードは かざさなくても だいじょうぶです
passage-not-read = 読めませんでした。そのまま 上へ
leave-call = 係の人も
    逃げて ください
leave-stay = 1分だけ あとにする
leave-stay-note = 1分たつと また 出ます

# 発令: お知らせを 出す
officer-title = お知らせを 出す
officer-note = 避難・取消・解除
officer-keys-title = 発令の 鍵を つくる
officer-keys-note = お知らせを 出す 人に なります
officer-keys-pin = あなたの カードの 暗証番号
officer-keys-say = 数字 4つの 暗証番号です。つぎに あなたの カードを かざします。鍵は カードが ある 間だけ 使えます。
officer-keys-again = 役場の 返事を まっています。もう一度 つくると、前の 鍵は 使えません。
officer-keys-card = あなたの カードを かざしてください
officer-keys-read-out = 鍵が できました。役場に 電話して、この 3つの ことばを 読んでください
officer-keys-until = 役場が 登録すると、どの 箱でも お知らせを 出せます。
officer-live-band = 本番 ・ 町じゅうの テレビに 出ます
officer-exercise-band = 訓練 ・ 本当の 災害では ありません
officer-begin-live = 本番の お知らせ
officer-begin-live-note = 2人の 職員が 署名します
officer-begin-exercise = 訓練の お知らせ
officer-begin-exercise-note = 1人で 出せます
officer-clock = いまは { $time }
officer-clock-unsure = この箱の 時計は 正しいか わかりません。腕時計と くらべてください
officer-clock-ahead = この箱の 時計は 役場より { $difference } すすんでいます。ここで 出すと 役場と テレビは { $difference } おくれます。役場か ほかの 箱で 出すか、役場に 電話してください
officer-clock-behind = この箱の 時計は 役場より { $difference } おくれています。ここで 出すと 知らせの 時刻も { $difference } 前に なります。役場か ほかの 箱なら 正しく 出ます
officer-too-few = 署名できる 人が この箱に 2人 いません。本番は 2人 要ります
officer-there = いま あるもの
officer-waits-here = 署名を まっています { $signed }／{ $needed }
officer-waits-there = 役場の 下書き。署名 { $signed }／{ $needed }
officer-is-out = { $time } から 出ています。変える・取消・解除
officer-which = どの お知らせですか
officer-which-now = どの お知らせに 変えますか
officer-where = どの 地区ですか
officer-where-now = どの 地区に 出しますか
officer-told-before = もう 出ています
officer-places = 使えない 場所
officer-places-count = { $count }か所 使えません
officer-places-title = 使えない 場所を 消してください
officer-places-say = 消した 場所の 地区は 次の 場所へ 行きます
officer-places-done = これで よい
officer-when-next = つぎへ：津波の 時刻
officer-when = 津波は いつ 来ますか
officer-when-say = いまから 何分後ですか。まよう ときは 早い ほうを 選んでください
officer-minutes = { $minutes }分後
officer-as-before = 前と 同じ { $time }
officer-arrival-unknown = わからない
officer-see = テレビに 出る ことばを 見る
officer-all-districts = 町の ぜんぶの 地区
officer-some-districts = { $count }つの 地区
officer-thread-title = この お知らせを どうしますか
officer-change-arrival = 津波の 時刻を 入れる
officer-arrival-known = いまは { $time }ごろと 出ています
officer-arrival-not-said = まだ 出ていません
officer-change = 変える・もう一度 出す
officer-change-note = レベル、地区、行き先、時間を のばす
officer-cancel = 取消（まちがい）
officer-cancel-alone = { $time } までは 1人で できます
officer-cancel-drill = 訓練を まちがえて 出した とき
officer-clear = 解除（危険が 去った）
officer-two = 2人の 署名が 要ります
officer-clear-drill = 訓練の 終わり
officer-see-title = この ことばで 出します
officer-sent-title = 出しました
officer-drop = やめる
officer-fact-sent = 発表の 時刻：{ $time }
officer-fact-expected = 津波は { $time }ごろ
officer-fact-not-expected = 津波の 時刻は わからない
officer-fact-update = 前の お知らせに 代わります
officer-unsure = { $name }（安全か わからない）
officer-without-place = { $name }（行き先なし）
officer-fact-places = 行き先：{ $names }
officer-fact-districts = 地区：{ $names }
officer-signed = 署名 { $signed }／{ $needed }
officer-sign-alone = カードで 署名して 出す
officer-sign-first = 1人目が 署名する
officer-sign-second = 2人目が 署名して 出す
officer-sign-title = 署名する
officer-pin-first = 署名する 人の 暗証番号
officer-pin-second = 2人目の 人の 暗証番号
officer-pin-say = 数字 4つの 暗証番号です。本人が 押してください。つぎに その人の カードを かざします。
officer-card = 署名する 人の カードを かざしてください
officer-sent-here = この箱と 近くの 箱に 出ています。役場には つながった とき 届きます
officer-sent-there = 役場から 出ました
officer-gone = この 下書きは もう ありません。はじめから つくってください
officer-overtaken = そのあとの お知らせと 合いません。はじめから つくってください
officer-signed-already = あなたは もう 署名しました。別の 人が 署名してください
officer-needs-another = 1人では 取り消せません。もう1人の 署名が 要ります
officer-not-listed = この カードの 鍵では 署名できません。役場に きいてください
officer-not-prepared = この お知らせは 出せません。役場の 準備を 見なおしてください
officer-no-town-hall = 役場に つながりません。役場の 下書きには いま 署名できません
officer-not-kept = この箱に 保存できません。何も 出ていません。もう一度 署名するか、ほかの 箱で 出してください。急ぐ ときは サイレンを 鳴らしてください
officer-not-kept-box = この箱に 保存できません。ほかの 箱で してください
officer-not-kept-there = 役場の サーバーに 保存できません。まだ 出ていません。もう一度 署名してください
officer-test-clock = この箱の 時計が 正しいか わからないので ためせません。役場と つながった 時計の 正しい 箱で ためしてください
officer-test = ためし署名（月に 1回）
officer-test-note = 発令の 鍵が 使えるか たしかめます。何も 出ません
officer-test-last = この箱で 前に ためした 日：{ $date }
officer-test-title = ためし署名
officer-test-say = どこにも 何も 出ません。暗証番号の つぎに あなたの カードを かざします。
officer-tested-title = 鍵は 使えます
officer-tested = ためし署名が できました。
    役場に つながった とき、署名できる 人に 数えられます。
fault-no-officer-key = この カードには 発令の 鍵が ありません。暗証番号は 使っていません
fault-other-card = サインインした 人の カードでは ありません。暗証番号は 使っていません
fault-unsuitable = この カードでは 発令の 鍵を 使えません

# テレビを つなぐ
television-title = テレビを つなぐ
television-note = 家の人の カードで
setting-television = テレビ
television-say = テレビに 出ている 数字 8つを 打って、その家の 人の カードを かざします。
television-type = 数字を 打つ
television-none = ここで つないだ テレビは ありません
television-code = テレビに 出ている 数字 8つ
television-code-say = つぎに その家の 人の カードを かざします。受付には なりません。
television-card = その家の 人の カードを かざしてください
television-question = この家の テレビに しますか
television-home = { $name }の 家
television-number = テレビの 数字 { $code }
television-names = テレビに この家の 人の 名前が 出ます
television-yes = つなぎます
television-waiting = この箱に 保存しました。役場に とどくまで お待ちください
television-bound = つながりました。テレビの 名前を たしかめてください
television-no-such-code = この数字の テレビが ありません。数字を 見なおしてください
television-not-here = ここでは つなげない 家です。役場で つなげます
fault-no-household = この カードの 家は ここでは つなげません。役場で つなげます
fault-not-checked = この カードが 止められて いないか ここでは わかりません。テレビの 数字を 役場に 言って、つないで もらいます。つなぐ前も 知らせは 出ます
