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
    let states = hall.path().join("server/list-points.json");
    let mut later: serde_json::Value = serde_json::from_slice(&std::fs::read(&states).unwrap()).unwrap();
    for state in later.as_object_mut().unwrap().values_mut() {
        state["next_at"] = 0.into();
        state["heard_at"] = 0.into();
    }
    std::fs::write(&states, later.to_string()).unwrap();
    let server = hall.run();
    until("the good one again", || line_of(&status(), "/good.crl").ends_with("fetched 0 min ago"));
    let again = point.requests("/good.crl");
    assert!(again.len() == 2 && !again[0].contains("if-none-match") && again[1].contains("if-none-match"));
    assert!(status().contains(" 2001 "), "an older one changes nothing");
    server.terminate();
    let left = std::fs::read_dir(hall.path().join("server/lists/incoming")).unwrap().count();
    assert_eq!(left, 0, "no pieces are left over");
}
