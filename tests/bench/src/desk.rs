//! Two officers whose passkeys are made of software, at the desk of a real server.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hinamori_demo::child::output_of;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// SubjectPublicKeyInfo of a point on P-256, up to the point (RFC 5480 §2).
const P256: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE";
const CLASSES: [&str; 2] = ["live", "exercise"];

/// An officer who is signed in.
pub(crate) struct Officer {
    desk: SocketAddr,
    /// Live and exercise.
    keys: [EcdsaKeyPair; 2],
    cookie: String,
}

/// The server's program and its data folder.
pub(crate) struct Administrator {
    pub(crate) server: PathBuf,
    pub(crate) data: PathBuf,
}

impl Administrator {
    pub(crate) fn alert(&self, name: &str, rest: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(&self.server);
        command.args(["alert", name, "--data"]).arg(&self.data).args(rest);
        Ok(output_of(&format!("hinamori-server alert {name}"), &mut command)?.trim().to_owned())
    }

    pub(crate) fn read_plan(&self, plan: &Path) -> anyhow::Result<()> {
        self.alert("plan", &[plan.to_str().context("a path of text")?]).map(drop)
    }
}

/// A member; nothing where there is none.
pub(crate) fn field<'a>(of: &'a Value, name: &str) -> &'a Value {
    of.get(name).unwrap_or(&Value::Null)
}

/// One request on a connection of its own: what was answered, and the cookie that came along.
fn ask(
    desk: SocketAddr,
    path: &str,
    cookie: &str,
    body: Option<&Value>,
) -> anyhow::Result<(Value, Option<String>)> {
    let mut stream = TcpStream::connect(desk)?;
    let (method, body) = body.map_or(("GET", String::new()), |body| ("POST", body.to_string()));
    let host = format!("localhost:{}", desk.port());
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: close\r\nCookie: {cookie}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "{path}: {}", body);
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(ToOwned::to_owned);
    Ok((serde_json::from_str(body)?, cookie))
}

fn credential(key: &EcdsaKeyPair) -> String {
    let point = key.public_key().as_ref();
    URL_SAFE_NO_PAD.encode(point.get(1..21).unwrap_or_default())
}

/// An assertion (WebAuthn §7.2) over 32 bytes.
fn assert_over(key: &EcdsaKeyPair, challenge: &str) -> anyhow::Result<Value> {
    let client =
        json!({ "type": "webauthn.get", "challenge": challenge, "origin": "http://localhost" }).to_string();
    let authenticator = [digest(&SHA256, b"localhost").as_ref(), &[5, 0, 0, 0, 1]].concat();
    let signed = [authenticator.as_slice(), digest(&SHA256, client.as_bytes()).as_ref()].concat();
    let Ok(signature) = key.sign(&SystemRandom::new(), &signed) else { bail!("a key does not sign") };
    Ok(json!({
        "challenge": challenge, "credential": credential(key),
        "authenticator": STANDARD.encode(&authenticator),
        "client": STANDARD.encode(&client), "signature": STANDARD.encode(signature.as_ref()),
    }))
}

impl Officer {
    /// Invites them, has their device join, lets it in and signs them in.
    pub(crate) fn new(administrator: &Administrator, desk: SocketAddr, id: &str) -> anyhow::Result<Self> {
        let random = SystemRandom::new();
        let mut made = Vec::new();
        for _ in CLASSES {
            let Ok(pkcs8) = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random) else {
                bail!("no key was made");
            };
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random);
            made.push(key.map_err(|rejected| anyhow::anyhow!("{rejected}"))?);
        }
        let Ok(keys) = <[EcdsaKeyPair; 2]>::try_from(made) else { bail!("two classes, two keys") };
        administrator.alert(
            "add-officer",
            &["--id", id, "--name", "田中 誠", "--title", "課長", "--until", "2099-03-31"],
        )?;
        let code = administrator.alert("invite", &["--id", id])?;
        // The point's first byte, 04, is the last one of the fixed part.
        let public = |key: &EcdsaKeyPair| {
            let rest = key.public_key().as_ref().get(1..).unwrap_or_default();
            format!("{P256}{}", STANDARD.encode(rest))
        };
        let passkey = |key: &EcdsaKeyPair| json!({ "credential": credential(key), "key": public(key) });
        let [live, exercise] = &keys;
        let device = json!({ "code": code, "live": passkey(live), "exercise": passkey(exercise) });
        let (said, _) = ask(desk, "/desk/api/enrol/device", "", Some(&device))?;
        let words: Vec<&str> =
            field(&said, "words").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        administrator.alert("admit", &["--words", &words.join("・")])?;
        Ok(Self { desk, keys, cookie: String::new() })
    }

    /// At another start of the server. It looks at its files twice a second.
    pub(crate) fn sign_in(&mut self, desk: SocketAddr) -> anyhow::Result<()> {
        self.desk = desk;
        let (question, _) = ask(desk, "/desk/api/door/question", "", Some(&json!({})))?;
        let [live, _] = &self.keys;
        let answer = assert_over(live, field(&question, "challenge").as_str().context("a challenge")?)?;
        let (_, cookie) = ask(desk, "/desk/api/door", "", Some(&answer))?;
        self.cookie = cookie.context("no cookie")?;
        Ok(())
    }

    /// Makes a draft: its id and what is to be signed.
    pub(crate) fn draft(&self, wanted: &Value) -> anyhow::Result<(String, String)> {
        let (draft, _) = ask(self.desk, "/desk/api/drafts", &self.cookie, Some(wanted))?;
        let text = |name: &str| {
            field(&draft, name)
                .as_str()
                .map(ToOwned::to_owned)
                .with_context(|| format!("no {name} in {draft}"))
        };
        Ok((text("id")?, text("digest")?))
    }

    /// Signs one; whether it went out.
    pub(crate) fn sign(&self, (id, challenge): &(String, String)) -> anyhow::Result<bool> {
        let [live, _] = &self.keys;
        let path = format!("/desk/api/drafts/{id}/sign");
        let (said, _) = ask(self.desk, &path, &self.cookie, Some(&assert_over(live, challenge)?))?;
        Ok(*field(&said, "sent") == true)
    }

    /// The thread that was sent last.
    pub(crate) fn latest_thread(&self) -> anyhow::Result<String> {
        let (state, _) = ask(self.desk, "/desk/api/state?seen=", &self.cookie, None)?;
        let threads = field(&state, "threads").as_array().context("threads")?;
        let open =
            threads.iter().find(|thread| *field(thread, "in_force") == true).or_else(|| threads.first());
        open.and_then(|thread| field(thread, "id").as_str())
            .map(ToOwned::to_owned)
            .with_context(|| format!("no thread in {state}"))
    }
}
