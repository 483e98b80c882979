//! Signing in, and being out again.

use super::*;
use crate::browser::remove_passkeys;

#[tokio::test]
async fn a_link_makes_a_passkey_a_passkey_a_session_and_each_step_a_line_of_the_log() {
    let hall = Hall::new().await;
    let code = hall.invite(HAMADA);
    let mut tablet = Authenticator::new();
    assert_eq!(hall.enrol(&code, &mut tablet).await.json(), json!({}));
    let signed_in = hall.sign_in(&mut tablet).await;
    assert_eq!((signed_in.status, signed_in.json()), (200, json!({})));
    let set = signed_in.header("set-cookie").unwrap();
    let (cookie, attributes) = set.split_once("; ").unwrap();
    assert_eq!(attributes, "Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200");
    let token = cookie.strip_prefix("__Host-hinamori=").unwrap();
    assert_eq!(token.len(), 64);

    let who = hall.who(cookie).await;
    let mut said = who.json();
    let until = said["until"].take().as_u64().unwrap();
    assert!((now().get()..=now().get() + 12 * 3_600_000).contains(&until));
    assert_eq!(
        said,
        json!({ "name": HAMADA_NAME, "role": "official", "sites": [], "until": null, "town": "汐見町" })
    );
    for (header, value) in [
        ("strict-transport-security", "max-age=31536000"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(who.header(header), Some(value), "{header}");
    }

    let left = hall.ask("DELETE", "/api/v1/session", Some(cookie), None).await;
    assert_eq!(left.status, 200);
    assert!(left.header("set-cookie").unwrap().ends_with("Max-Age=0"));
    assert_eq!(hall.who(cookie).await.problem(), 401);

    let id = HAMADA.to_string();
    let expected = json!([
        { "did": "named", "user": "admin", "name": NAME },
        { "did": "invited", "staff": id, "user": "admin" },
        { "did": "enrolled", "staff": id, "passkey": 1, "from": "127.0.0.1" },
        { "did": "signed_in", "staff": id, "passkey": 1, "from": "127.0.0.1" },
        { "did": "signed_out", "staff": id, "passkey": 1, "from": "127.0.0.1" },
    ]);
    assert_eq!(json!(hall.log()), expected);
    let kept = std::fs::read_to_string(hall.folder.path().join("browsers.json")).unwrap();
    let kept = kept + &json!(hall.log()).to_string();
    for secret in [code.as_str(), &code.replace('-', ""), token, "浜田"] {
        assert!(!kept.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn whoever_is_taken_off_the_list_is_out_at_once_and_another_role_counts_at_once() {
    let hall = Hall::new().await;
    let mut tablet = hall.enrolled(HAMADA).await;
    let cookie = hall.sign_in(&mut tablet).await.cookie();
    hall.changes_staff(2, vec![grant(HAMADA, "浜田", Role::Leader)]).await;
    assert_eq!(hall.who(&cookie).await.json()["role"], "leader");
    hall.changes_staff(
        3,
        vec![StaffGrant { until: UnixMillis::new(1), ..grant(HAMADA, "浜田", Role::Leader) }],
    )
    .await;
    assert_eq!(hall.who(&cookie).await.problem(), 401, "the last day is over");
    hall.changes_staff(4, vec![grant(MORI, "森", Role::Volunteer)]).await;
    assert_eq!(hall.who(&cookie).await.problem(), 401);
    let refused = hall.sign_in(&mut tablet).await;
    assert_eq!((refused.problem(), refused.header("set-cookie")), (422, None));
    assert_eq!(hall.last_logged()["why"], "staff");
    hall.changes_staff(5, staff()).await;
    assert_eq!(hall.who(&cookie).await.problem(), 401, "that session is over");
    assert_eq!(hall.sign_in(&mut tablet).await.status, 200);
}

#[tokio::test]
async fn a_passkey_that_is_taken_away_ends_its_sessions_and_no_others() {
    let hall = Hall::new().await;
    let (first, second, other) =
        (hall.signed_in(HAMADA).await, hall.signed_in(HAMADA).await, hall.signed_in(MORI).await);
    let remove = |number| remove_passkeys(&hall.folder, &hall.keys, (HAMADA, number), "admin", now());
    assert_eq!(remove(Some(1)).unwrap(), 1);
    assert_eq!(hall.who(&first).await.problem(), 401);
    assert_eq!((hall.who(&second).await.status, hall.who(&other).await.status), (200, 200));
    assert!(remove(Some(3)).is_err(), "somebody else's");
    assert_eq!(remove(None).unwrap(), 1);
    assert_eq!((hall.who(&second).await.problem(), hall.who(&other).await.status), (401, 200));
    assert_eq!(hall.last_logged(), json!({ "did": "removed", "staff": HAMADA.to_string(), "user": "admin" }));
}

#[tokio::test]
async fn a_session_ends_after_thirty_idle_minutes_and_a_stream_of_events_is_a_use() {
    let hall = Hall::new().await;
    let (idle, used) = (hall.signed_in(HAMADA).await, hall.signed_in(MORI).await);
    let uptime = &hall.api.browsers.uptime;
    uptime.pass(Duration::from_secs(29 * 60));
    // As a stream of events does with each beat.
    let token = crate::hex::bytes(used.split_once('=').unwrap().1).unwrap();
    let official = hall.api.browsers.official(&hall.api.hub, sha256(&token)).ok().unwrap();
    assert!(official.again(&hall.api).is_some());
    uptime.pass(Duration::from_secs(2 * 60));
    assert_eq!((hall.who(&idle).await.problem(), hall.who(&used).await.status), (401, 200));
    for _ in 0..25 {
        uptime.pass(Duration::from_secs(29 * 60));
        official.again(&hall.api);
    }
    assert!(official.again(&hall.api).is_none(), "twelve hours");
    assert_eq!(hall.who(&used).await.problem(), 401);
}

#[tokio::test]
async fn what_a_passkey_did_not_sign_for_this_server_and_this_moment_opens_nothing() {
    let hall = Hall::new().await;
    let mut good = hall.enrolled(HAMADA).await;
    let mori = hall.enrolled(MORI).await;
    let foreign = Authenticator::new();
    let usual = (good.origin, good.relying_party, good.flags, good.user.clone());
    type Bend = fn(&mut Authenticator);
    let wrong: [(&str, Bend); 6] = [
        ("signature", |passkey| passkey.origin = "https://tablet.shiomi.example.evil"),
        ("signature", |passkey| passkey.origin = "http://tablet.shiomi.example"),
        ("signature", |passkey| passkey.relying_party = "tablet.other.example"),
        ("signature", |passkey| passkey.flags = PRESENT),
        ("passkey", |passkey| passkey.user = MORI.as_bytes().to_vec()),
        ("passkey", |passkey| passkey.user = Vec::new()),
    ];
    for (why, bend) in wrong {
        bend(&mut good);
        let refused = hall.sign_in(&mut good).await;
        assert_eq!((refused.problem(), refused.header("set-cookie")), (422, None));
        assert_eq!(hall.last_logged()["why"], why);
        (good.origin, good.relying_party, good.flags, good.user) = usual.clone();
    }
    let challenge =
        async || hall.post("session/begin", &json!({})).await.json()["publicKey"]["challenge"].take();
    let refused = async |answer: &Value, why: &str| {
        let refused = hall.post("session/finish", answer).await;
        assert_eq!((refused.problem(), refused.header("set-cookie")), (422, None));
        assert_eq!(hall.last_logged()["why"], why);
    };
    // Another one's signature under this passkey's name.
    let mut stolen = mori.answer(&challenge().await);
    let own = good.answer(&json!(""));
    stolen["rawId"] = own["rawId"].clone();
    stolen["response"]["userHandle"] = own["response"]["userHandle"].clone();
    refused(&stolen, "signature").await;
    // Of a town that this server does not know.
    refused(&foreign.answer(&challenge().await), "passkey").await;
    // Played back, and never asked.
    let answer = good.answer(&challenge().await);
    assert_eq!(hall.post("session/finish", &answer).await.status, 200);
    refused(&answer, "challenge").await;
    refused(&good.answer(&json!(base64_url(&[7; 32]))), "challenge").await;
    // A challenge to make a passkey is none to sign in.
    let begun = hall.post("enrolment/begin", &json!({ "code": hall.invite(HAMADA) })).await.json();
    refused(&good.answer(&begun["publicKey"]["challenge"]), "challenge").await;
    // Too late.
    let answer = good.answer(&challenge().await);
    hall.api.browsers.uptime.pass(Duration::from_secs(300));
    refused(&answer, "challenge").await;
}
