//! The API is what its description says.

use super::*;

/// Methods of OpenAPI 3.1 §4.8.9 that a page uses.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Whether a value is as the description says of `schema`.
fn fits(description: &Value, schema: &Value, value: &Value) -> bool {
    let mut whole = schema.clone();
    whole["components"] = description["components"].clone();
    jsonschema::validator_for(&whole).unwrap().is_valid(value)
}

/// A good answer, as the description says.
pub(super) fn assert_fits(description: &Value, operation: &Value, answer: &Answer) {
    assert!(
        answer.status == 200 && fits(description, schema_of(operation, answer), &answer.json()),
        "{answer:?}"
    );
}

/// The schema of an answer.
fn schema_of<'d>(operation: &'d Value, answer: &Answer) -> &'d Value {
    let status = answer.status.to_string();
    let class = format!("{}XX", answer.status / 100);
    let responses = &operation["responses"];
    let response =
        [status, class].iter().find_map(|key| responses.get(key)).unwrap_or_else(|| panic!("{answer:?}"));
    let kind = answer.header("content-type").unwrap().split(';').next().unwrap();
    response["content"]
        .get(kind)
        .and_then(|content| content.get("schema"))
        .unwrap_or_else(|| panic!("{answer:?}"))
}

#[tokio::test]
async fn every_path_and_method_is_in_the_description_and_answers_as_it_says() {
    let hall = Hall::new().await;
    let cookie = hall.signed_in(HAMADA).await;
    let description = hall.ask("GET", "/api/v1/openapi.json", Some(&cookie), None).await.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() >= 6);
    for (path, methods) in paths {
        assert!(path.starts_with("/api/v1/"));
        // A place that is nobody's, where a path has one.
        let asked: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "0" } else { part }).collect();
        let asked = asked.join("/");
        for method in METHODS {
            let (verb, operation) = (method.to_uppercase(), &methods[method]);
            let body = (method != "get").then(|| json!({}));
            let answer = hall.ask(&verb, &asked, None, body.as_ref()).await;
            if operation.is_null() {
                assert_eq!(answer.problem(), 405, "{verb} {path}");
                continue;
            }
            let is_open = operation.get("security").is_some_and(|security| *security == json!([{}]));
            assert_eq!(answer.status == 401, !is_open, "{verb} {path} {answer:?}");
            assert_eq!(is_open, ["begin", "finish"].iter().any(|end| path.ends_with(end)), "{path}");
            assert!(
                fits(&description, schema_of(operation, &answer), &answer.json()),
                "{verb} {path} {answer:?}"
            );
            assert!(answer.status < 500, "{verb} {path} {answer:?}");
        }
        assert_eq!(hall.ask("GET", &format!("{asked}/more"), Some(&cookie), None).await.problem(), 404);
    }
    assert_eq!(hall.ask("GET", "/api/v1/", Some(&cookie), None).await.problem(), 404);
    assert_eq!(hall.ask("GET", "/api/v2/session", Some(&cookie), None).await.problem(), 404);
}

#[tokio::test]
async fn good_answers_are_as_the_description_says_too() {
    let hall = Hall::new().await;
    let mut tablet = hall.enrolled(HAMADA).await;
    let cookie = hall.sign_in(&mut tablet).await.cookie();
    let description = hall.ask("GET", "/api/v1/openapi.json", Some(&cookie), None).await.json();
    let is_good = |method: &str, path: &str, answer: &Answer| {
        assert_fits(&description, &description["paths"][format!("/api/v1/{path}")][method], answer);
    };
    let begun = hall.post("enrolment/begin", &json!({ "code": hall.invite(MORI) })).await;
    is_good("post", "enrolment/begin", &begun);
    let made = Authenticator::new().make(&begun.json());
    is_good("post", "enrolment/finish", &hall.post("enrolment/finish", &made).await);
    let begun = hall.post("session/begin", &json!({})).await;
    is_good("post", "session/begin", &begun);
    is_good("post", "session/finish", &hall.post("session/finish", &tablet.sign(&begun.json())).await);
    is_good("get", "session", &hall.who(&cookie).await);
    is_good("get", "openapi.json", &hall.ask("GET", "/api/v1/openapi.json", Some(&cookie), None).await);
    is_good("delete", "session", &hall.ask("DELETE", "/api/v1/session", Some(&cookie), None).await);
    let problem = schema_of(&description["paths"]["/api/v1/session"]["get"], &hall.who(&cookie).await);
    let has = |value: Value| fits(&description, problem, &value);
    assert!(has(json!({ "status": 404, "title": "" })), "and what does not fit is found");
    assert!(!has(json!({ "status": 200, "title": "" })) && !has(json!({ "status": 404 })) && !has(json!([])));
}
