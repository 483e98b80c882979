//! Lists are fetched from distribution points that behave well and badly.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::hall::Hall;

const WITHIN: Duration = Duration::from_secs(30);

/// A web server that answers each request by a script: bytes to send, after which it hangs up.
struct Point {
    address: String,
    /// What came, by path.
    requests: Arc<Mutex<BTreeMap<String, Vec<String>>>>,
}

impl Point {
    fn new(answer: impl Fn(&str, &str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests: Arc<Mutex<BTreeMap<String, Vec<String>>>> = Arc::default();
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = request_of(&stream);
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let answer = answer(&path, &request);
                seen.lock().unwrap().entry(path).or_default().push(request);
                drop(stream.write_all(&answer));
            }
        });
        Self { address, requests }
    }

    fn requests(&self, path: &str) -> Vec<String> {
        self.requests.lock().unwrap().get(path).cloned().unwrap_or_default()
    }
}

/// Lines up to the empty one, in lower case.
fn request_of(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map(Result::unwrap);
    lines.take_while(|line| !line.is_empty()).map(|line| line.to_lowercase() + "\n").collect()
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes(), body].concat()
}

fn until(what: &str, held: impl Fn() -> bool) {
    let began = Instant::now();
    while !held() {
        assert!(began.elapsed() < WITHIN, "waited for {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What the status says of a point.
fn line_of(status: &str, path: &str) -> String {
    let line = status.lines().find(|line| line.starts_with("http:") && line.contains(path));
    line.unwrap_or_default().to_owned()
}

#[test]
fn points_are_asked_sparingly_and_nothing_but_a_list_is_taken_from_them() {
    let hall = Hall::new();
    let [good, cut] = [Hall::list(1, 2_000), Hall::list(2, 2_001)];
    let point = Point::new(move |path, request| match path {
        "/good.crl" if request.contains("if-none-match: \"one\"") => answer("304 Not Modified", b""),
        "/good.crl" => answer(&format!("200 OK\r\nETag: \"one\"\r\nContent-Length: {}", good.len()), &good),
        "/cut.crl" => {
            let half = cut.len() / 2;
            if request.contains(&format!("range: bytes={half}-")) && request.contains("if-range: \"two\"") {
                let (rest, last) = (cut.len() - half, cut.len() - 1);
                let head =
                    format!("Content-Range: bytes {half}-{last}/{}\r\nContent-Length: {rest}", cut.len());
                answer(&format!("206 Partial Content\r\nETag: \"two\"\r\n{head}"), &cut[half..])
            } else {
                answer(&format!("200 OK\r\nETag: \"two\"\r\nContent-Length: {}", cut.len()), &cut[..half])
            }
        }
        "/long.crl" => answer("200 OK\r\nContent-Length: 3221225472", b"0"),
        "/bad.crl" => answer("200 OK\r\nContent-Length: 7", b"garbage"),
        "/moved.crl" => answer("302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0", b""),
        _ => answer("404 Not Found\r\nContent-Length: 0", b""),
    });
    let paths = ["/good.crl", "/cut.crl", "/long.crl", "/bad.crl", "/moved.crl", "/none.crl"];
    let points: String =
        paths.iter().map(|path| format!("[[point]]\nurl = \"http://{}{path}\"\n", point.address)).collect();
    let server = hall.run();
    // A running server follows it.
    std::fs::write(hall.path().join("server/lists.toml"), "[[point]]\nurl = \"file:///etc/passwd\"\n")
        .unwrap();
    assert!(hall.must(&["crl", "status"]).contains("lists.toml is wrong and not followed: point 1: url is "));
    std::fs::write(hall.path().join("server/lists.toml"), &points).unwrap();
    let status = || hall.must(&["crl", "status"]);
    until("every point", || paths.iter().all(|path| !point.requests(path).is_empty()));
    until("the cut one in two parts", || line_of(&status(), "/cut.crl").ends_with("fetched 0 min ago"));
    let said = status();
    assert!(said.contains(" 2001 "), "{said}");
    for (path, expected) in [
        ("/good.crl", "fetched 0 min ago"),
        ("/long.crl", "never fetched; failed 1 times, last 0 min ago: the list is over 2147483648 bytes"),
        ("/bad.crl", "never fetched; failed 1 times, last 0 min ago: the list was refused"),
        ("/moved.crl", "the server answered 302"),
        ("/none.crl", "the server answered 404"),
    ] {
        assert!(line_of(&said, path).contains(expected), "{path}: {said}");
    }
    assert!(said.contains(&format!("http://{}/cut.crl\n", point.address)), "the source: {said}");
    assert_eq!(point.requests("/cut.crl").len(), 2);
    assert_eq!([1, 1], ["/good.crl", "/bad.crl"].map(|path| point.requests(path).len()), "not due yet");
    server.terminate();

    // An hour later, after a restart.
    let_an_hour_pass(&hall);
    let server = hall.run();
    until("the good one again", || line_of(&status(), "/good.crl").ends_with("fetched 0 min ago"));
    let again = point.requests("/good.crl");
    assert!(again.len() == 2 && !again[0].contains("if-none-match") && again[1].contains("if-none-match"));
    assert!(status().contains(" 2001 "), "an older one changes nothing");
    server.terminate();
    let left = std::fs::read_dir(hall.path().join("server/lists/incoming")).unwrap().count();
    assert_eq!(left, 0, "no pieces are left over");
}

/// Makes every point due at the next start.
fn let_an_hour_pass(hall: &Hall) {
    let states = hall.path().join("server/list-points.json");
    let mut later: serde_json::Value = serde_json::from_slice(&std::fs::read(&states).unwrap()).unwrap();
    for state in later.as_object_mut().unwrap().values_mut() {
        state["next_at"] = 0.into();
        state["heard_at"] = 0.into();
    }
    std::fs::write(&states, later.to_string()).unwrap();
}

#[test]
fn a_list_that_was_damaged_comes_again_and_a_bent_file_of_points_changes_nothing() {
    let hall = Hall::new();
    let list = Hall::list(1, 2_000);
    let point = Point::new(move |path, request| match path {
        "/good.crl" if request.contains("if-none-match: \"one\"") => answer("304 Not Modified", b""),
        "/good.crl" => answer(&format!("200 OK\r\nETag: \"one\"\r\nContent-Length: {}", list.len()), &list),
        // Each time half of it: one server never gives a rest, the other says so at once.
        path => {
            let ranges = if path == "/says.crl" { "none" } else { "bytes" };
            let head = format!("200 OK\r\nETag: \"two\"\r\nAccept-Ranges: {ranges}\r\nContent-Length: 4000");
            answer(&head, &[0x30; 2_000])
        }
    });
    let url = |path: &str| format!("[[point]]\nurl = \"http://{}{path}\"\n", point.address);
    let file = hall.path().join("server/lists.toml");
    let incoming = hall.path().join("server/lists/incoming");
    let parts = || std::fs::read_dir(&incoming).map_or(0, Iterator::count);
    let status = || hall.must(&["crl", "status"]);
    let is_fetched = || line_of(&status(), "/good.crl").ends_with("fetched 0 min ago");
    std::fs::write(&file, url("/good.crl") + &url("/says.crl") + &url("/cut.crl")).unwrap();
    let server = hall.run();
    until("the list", is_fetched);
    until("the first half", || parts() == 1);

    // An editor bends it, then somebody links it to nowhere: what was begun stays, and is gone on with.
    let replaced_by = |other: &std::path::Path| std::fs::rename(other, &file).unwrap();
    let other = hall.path().join("server/other.toml");
    for said in ["is wrong and not followed", "cannot be read"] {
        let good = std::fs::read(&file).unwrap();
        if said == "cannot be read" {
            std::os::unix::fs::symlink(&file, &other).unwrap();
        } else {
            std::fs::write(&other, "[[point]\n").unwrap();
        }
        replaced_by(&other);
        until(said, || hall.log().contains(&format!("lists.toml {said}")));
        std::thread::sleep(Duration::from_millis(1_500));
        let states = std::fs::read_to_string(hall.path().join("server/list-points.json")).unwrap();
        assert!(["/good.crl", "/says.crl", "/cut.crl"].iter().all(|path| states.contains(path)), "{said}");
        std::fs::write(&other, good).unwrap();
        replaced_by(&other);
    }
    until("both halves thrown away", || point.requests("/cut.crl").len() >= 2 && parts() == 0);
    let cut = point.requests("/cut.crl");
    assert!(!cut[0].contains("range:") && cut[1].contains("range: bytes=2000-"), "{cut:?}");
    assert!(point.requests("/says.crl").iter().all(|request| !request.contains("range:")));
    assert_eq!(point.requests("/good.crl").len(), 1);
    server.terminate();

    // It is damaged while nobody looks.
    std::fs::write(&file, url("/good.crl")).unwrap();
    let lists = hinamori_sim::folder::everything_in(&hall.path().join("server/lists")).unwrap();
    let index = lists.iter().find(|path| path.extension().is_some_and(|ending| ending == "index")).unwrap();
    let mut bytes = std::fs::read(index).unwrap();
    bytes[100] ^= 1;
    std::fs::write(index, bytes).unwrap();
    let_an_hour_pass(&hall);
    let server = hall.run();
    until("the list again", is_fetched);
    server.terminate();
    let_an_hour_pass(&hall);
    let server = hall.run();
    until("the same one", is_fetched);
    server.terminate();
    let asked: Vec<bool> =
        point.requests("/good.crl").iter().map(|request| request.contains("if-none-match")).collect();
    assert_eq!(asked, [false, false, true], "conditional only when the list is whole");
    assert!(status().contains(" 2000 "));
}
