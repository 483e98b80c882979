//! Making passkeys.

use super::*;
use crate::browser::register::GOOD_FOR_MILLIS;
use crate::browser::{BrowserError, remove_passkeys};

#[tokio::test]
async fn a_link_is_good_once_for_its_owner_and_for_thirty_minutes() {
    let hall = Hall::new().await;
    let code = hall.invite(HAMADA);
    // Somebody began, and their browser was closed.
    assert_eq!(hall.post("enrolment/begin", &json!({ "code": code })).await.status, 200);
    let begun = hall.post("enrolment/begin", &json!({ "code": code.to_lowercase() })).await;
    let (mut first, mut second) = (Authenticator::new(), Authenticator::new());
    assert_eq!(hall.enrol(&code, &mut first).await.status, 200);
    assert_eq!(hall.enrol(&code, &mut second).await.problem(), 422);
    assert_eq!(hall.last_logged(), json!({ "did": "refused", "why": "code", "from": "127.0.0.1" }));
    let late = hall.post("enrolment/finish", &second.make(&begun.json())).await;
    assert_eq!((late.problem(), hall.last_logged()["why"].clone()), (422, json!("code")), "begun before");
    assert_eq!(hall.sign_in(&mut second).await.problem(), 422);
    assert_eq!(hall.sign_in(&mut first).await.status, 200);

    let half_an_hour_ago = UnixMillis::new(now().get() - GOOD_FOR_MILLIS - 1);
    let link = invite_staff(&hall.folder, &hall.keys, MORI, "admin", half_an_hour_ago).unwrap();
    let code = link.split_once('=').unwrap().1;
    assert_eq!(hall.enrol(code, &mut Authenticator::new()).await.problem(), 422);
    // A newer link takes the older one's place.
    let (older, newer) = (hall.invite(MORI), hall.invite(MORI));
    assert_eq!(hall.enrol(&older, &mut Authenticator::new()).await.problem(), 422);
    assert_eq!(hall.enrol(&newer, &mut Authenticator::new()).await.status, 200);
}

#[tokio::test]
async fn strangers_who_guess_codes_end_nobodys_invitation() {
    let hall = Hall::new().await;
    let code = hall.invite(HAMADA);
    for _ in 0..6 {
        let guessed = hall.post("enrolment/begin", &json!({ "code": "AAAA-AAAA-AAAA-AAAA" })).await;
        assert_eq!(guessed.problem(), 422);
    }
    assert_eq!(hall.enrol(&code, &mut Authenticator::new()).await.status, 200);
}

#[tokio::test]
async fn a_stranger_with_a_code_does_not_wait_for_the_folders_lock() {
    let hall = Hall::new().await;
    // As while the administrator imports: whoever waited for it would wait for good.
    let locked = hall.folder.lock().unwrap();
    let guess = json!({ "code": "AAAA-AAAA-AAAA-AAAA" });
    assert_eq!(hall.post("enrolment/begin", &guess).await.problem(), 422);
    assert_eq!(hall.ask("POST", "/desk/api/enrol", None, Some(&guess)).await.status, 422);
    drop(locked);
}

#[tokio::test]
async fn an_invitation_of_a_newcomer_can_be_withdrawn() {
    let hall = Hall::new().await;
    let code = hall.invite(HAMADA);
    let remove = |number| remove_passkeys(&hall.folder, &hall.keys, (HAMADA, number), "admin", now());
    assert!(matches!(remove(Some(1)), Err(BrowserError::NoPasskey(_))), "no such passkey");
    assert_eq!(hall.post("enrolment/begin", &json!({ "code": code })).await.status, 200);
    assert_eq!(remove(None).unwrap(), 0);
    assert_eq!(hall.last_logged(), json!({ "did": "removed", "staff": HAMADA.to_string(), "user": "admin" }));
    assert_eq!(hall.post("enrolment/begin", &json!({ "code": code })).await.problem(), 422);
    assert!(matches!(remove(None), Err(BrowserError::NoPasskey(_))), "nothing is left");
}

#[tokio::test]
async fn a_passkey_without_its_user_or_for_somebody_elses_page_is_none_and_the_link_stays_good() {
    let hall = Hall::new().await;
    let code = hall.invite(HAMADA);
    let wrong: [fn(&mut Authenticator); 3] = [
        |passkey| passkey.flags = PRESENT,
        |passkey| passkey.origin = "https://evil.example",
        |passkey| passkey.relying_party = "evil.example",
    ];
    for bend in wrong {
        let mut passkey = Authenticator::new();
        bend(&mut passkey);
        assert_eq!(hall.enrol(&code, &mut passkey).await.problem(), 422);
        let line = hall.last_logged();
        assert_eq!((&line["why"], &line["staff"]), (&json!("signature"), &json!(HAMADA.to_string())));
    }
    let mut good = Authenticator::new();
    assert_eq!(hall.enrol(&code, &mut good).await.status, 200);
    let replayed = hall.enrol(&hall.invite(MORI), &mut good).await;
    assert_eq!(replayed.problem(), 422, "a passkey is one person's");
}

#[tokio::test]
async fn nobody_is_invited_who_is_not_on_the_list_or_is_taken_off_it_since() {
    let hall = Hall::new().await;
    let stranger = StaffId::from_bytes([9; 16]);
    let refused = invite_staff(&hall.folder, &hall.keys, stranger, "admin", now());
    assert!(matches!(refused, Err(BrowserError::UnknownStaff(_))));
    let code = hall.invite(MORI);
    let begun = hall.post("enrolment/begin", &json!({ "code": code })).await.json();
    hall.changes_staff(2, vec![grant(HAMADA, "浜田", Role::Official)]).await;
    assert_eq!(hall.post("enrolment/begin", &json!({ "code": code })).await.problem(), 422);
    let finished = hall.post("enrolment/finish", &Authenticator::new().make(&begun)).await;
    assert_eq!((finished.problem(), hall.last_logged()["why"].clone()), (422, json!("staff")));
}

#[tokio::test]
async fn the_name_that_passkeys_are_bound_to_stays() {
    let hall = Hall::new().await;
    let set = |name: &str, port| {
        let site = BrowserSite { name: name.to_owned(), port, addresses: Vec::new() };
        set_browser_site(&hall.folder, &hall.keys, (site, CertificateSource::Own), "admin", now())
    };
    assert!(matches!(set("other.example", 443), Err(BrowserError::OtherName(_))));
    assert!(matches!(set("townhall", 443), Err(BrowserError::BadName(_))));
    set(NAME, 8_443).unwrap();
    let link = invite_staff(&hall.folder, &hall.keys, MORI, "admin", now()).unwrap();
    assert!(link.starts_with("https://tablet.shiomi.example:8443/#enrol="));
}
