//! Connections, and requests that are none of our page's.

use super::*;
use crate::browser::listener::{Visitor, WhileWritten};
use crate::web::Limited;

const BEGIN: &str = "/api/v1/session/begin";

#[tokio::test]
async fn another_page_another_form_and_too_much_get_nowhere() {
    let hall = Hall::new().await;
    let own = format!("origin: {ORIGIN}\r\n");
    let json = "content-type: application/json\r\n";
    for (headers, body, status) in [
        (json.to_owned(), "{}", 403),
        (format!("origin: https://evil.example\r\n{json}"), "{}", 403),
        (format!("origin: null\r\n{json}"), "{}", 403),
        (format!("{own}content-type: text/plain\r\n"), "{}", 403),
        (own.clone(), "{}", 403),
        (format!("{own}{json}"), "{", 400),
        (format!("{own}{json}"), "[]", 400),
        (format!("{own}{json}"), "", 400),
        (format!("{own}{json}"), &" ".repeat((64 << 10) + 1), 413),
    ] {
        assert_eq!(hall.ask_with("POST", BEGIN, &headers, body).await.problem(), status, "{headers}");
    }
    assert_eq!(hall.last_logged()["why"], "page");
    let cookie = hall.signed_in(HAMADA).await;
    let forged = format!("origin: https://evil.example\r\ncookie: {cookie}\r\n");
    assert_eq!(hall.ask_with("DELETE", "/api/v1/session", &forged, "").await.problem(), 403);
    assert_eq!(hall.who(&cookie).await.status, 200);
    let other = format!("__Host-hinamori={}", "00".repeat(32));
    for cookie in ["", "__Host-hinamori=", "__Host-hinamori=zz", &other, &format!("x{cookie}")] {
        assert_eq!(hall.who(cookie).await.problem(), 401, "{cookie}");
    }
}

#[tokio::test]
async fn whoever_tries_too_often_waits_and_whoever_is_in_does_not() {
    let hall = Hall::new().await;
    let cookie = hall.signed_in(HAMADA).await;
    let mut connection = hall.connect().await;
    let headers = format!("origin: {ORIGIN}\r\ncontent-type: application/json\r\n");
    let mut limited = None;
    for _ in 0..200 {
        let answer = connection.ask("POST", BEGIN, &headers, "{}").await;
        if answer.status == 429 {
            limited = Some(answer.problem());
            break;
        }
    }
    assert_eq!(limited, Some(429));
    for path in ["enrolment/begin", "enrolment/finish", "session/finish"] {
        assert_eq!(hall.post(path, &json!({})).await.problem(), 429, "{path}");
    }
    assert_eq!(hall.ask("POST", "/desk/api/door/question", None, Some(&json!({}))).await.problem(), 429);
    assert_eq!(hall.who(&cookie).await.status, 200);
    hall.api.browsers.uptime.pass(Duration::from_secs(60));
    assert_eq!(hall.post("session/begin", &json!({})).await.status, 200);
}

#[tokio::test]
async fn strangers_who_say_nothing_keep_nobody_out_and_push_nobody_out_who_is_in() {
    let limits = Limits { strangers: 8, strangers_from_one_address: 4, officials: 64, ..Limits::default() };
    let hall = Hall::with(limits).await;
    let cookie = hall.signed_in(HAMADA).await;
    let ask = format!("cookie: {cookie}\r\n");
    let mut official = hall.connect().await;
    assert_eq!(official.ask("GET", "/api/v1/session", &ask, "").await.status, 200);
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(hall.address).await.unwrap());
    }
    // The oldest goes.
    assert_eq!(silent[0].read(&mut [0]).await.unwrap_or(0), 0);
    assert_eq!(hall.who(&cookie).await.status, 200);
    assert_eq!(official.ask("GET", "/api/v1/session", &ask, "").await.status, 200, "the same connection");
    // Strangers who shook hands and ask for nothing go the same way.
    let mut shaken = Vec::new();
    for _ in 0..6 {
        shaken.push(hall.connect().await);
    }
    assert!(shaken[0].answer().await.is_err());
    assert_eq!(official.ask("GET", "/api/v1/session", &ask, "").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_connection_lives_as_long_as_something_is_written_to_it() {
    let places = Arc::new(tokio::sync::Semaphore::new(1));
    let (mut browser, stream) = tokio::io::duplex(16);
    let limit = WhileWritten::new(
        Visitor::new([192, 0, 2, 1].into(), None),
        None,
        places.try_acquire_owned().unwrap(),
    );
    let mut served = Limited { stream, limit };
    // A day of beats.
    for _ in 0..5_760 {
        served.write_all(b"beat").await.unwrap();
        browser.read_exact(&mut [0; 4]).await.unwrap();
        tokio::time::advance(Duration::from_secs(15)).await;
    }
    // A request that goes on without an end, one byte at a time.
    let mut read = 0;
    let outcome = loop {
        tokio::time::advance(Duration::from_secs(15)).await;
        browser.write_all(b"x").await.unwrap();
        match served.read(&mut [0]).await {
            Ok(length) => read += length,
            Err(error) => break error.kind(),
        }
    };
    assert_eq!((outcome, read), (std::io::ErrorKind::TimedOut, 3));
}

#[tokio::test]
async fn what_is_shown_is_the_officials_page_and_the_desk_and_the_trigger_has_no_door_here() {
    let hall = Hall::new().await;
    let page = hall.ask("GET", "/", None, None).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(
        page.header("content-security-policy").unwrap().starts_with("default-src 'none'; script-src 'self';")
    );
    let desk = hall.ask("GET", "/desk/", None, None).await;
    assert_eq!((desk.status, desk.header("strict-transport-security")), (200, Some("max-age=31536000")));
    assert_eq!(hall.ask("GET", "/desk/api/state", None, None).await.status, 401);
    assert_eq!(hall.ask("POST", "/trigger/heard", None, Some(&json!({}))).await.problem(), 404);
    assert_eq!(hall.ask("GET", "/elsewhere", None, None).await.problem(), 404);
}
