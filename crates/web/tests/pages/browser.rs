//! A browser in miniature: a cookie, forms that are filled in and sent as they stand on the page.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt;

pub const PASSWORD: &str = testkit::world::PASSWORD;

/// Somebody at a browser.
pub struct Browser {
    router: Router,
    runtime: tokio::runtime::Runtime,
    cookies: Vec<(String, String)>,
    /// Requests that a person would call a click: links followed and forms sent.
    pub clicks: usize,
    /// What the page's own module asks for instead of a page.
    fragment: Option<&'static str>,
}

/// What came back, redirects followed.
#[derive(Debug, Default)]
pub struct Shown {
    pub status: StatusCode,
    pub address: String,
    pub html: String,
    pub policy: String,
    pub vary: String,
    /// Where the module that sent a form from a dialog is told to go.
    pub go: Option<String>,
}

impl Shown {
    /// The page without its tags, spaces collapsed.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut inside = false;
        for letter in self.html.chars() {
            match letter {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    text.push(' ');
                }
                _ if !inside => text.push(letter),
                _ => {}
            }
        }
        let text = text.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn says(&self, wanted: &str) -> &Self {
        assert!(self.text().contains(wanted), "{} does not say “{wanted}”:\n{}", self.address, self.text());
        self
    }

    #[track_caller]
    pub fn says_not(&self, unwanted: &str) -> &Self {
        assert!(!self.text().contains(unwanted), "{} says “{unwanted}”", self.address);
        self
    }

    /// The address behind a link with this text.
    #[track_caller]
    pub fn link(&self, text: &str) -> String {
        self.links().into_iter().find(|(_, words)| words == text).map(|(href, _)| href).unwrap_or_else(|| panic!("no link “{text}” on {}: {:?}", self.address, self.links()))
    }

    /// Every link: address and text.
    pub fn links(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for part in self.html.split("<a ").skip(1) {
            let Some((head, rest)) = part.split_once('>') else { continue };
            let Some(href) = attribute(head, "href") else { continue };
            let inner = rest.split("</a>").next().unwrap_or("");
            let shown = Shown { status: StatusCode::OK, address: String::new(), html: inner.to_owned(), ..Shown::default() };
            found.push((href, shown.text()));
        }
        found
    }

    /// The form that is sent to an address (whatever its parameters): where exactly, its hidden and
    /// prefilled fields, and whether it is sent in parts.
    #[track_caller]
    fn form(&self, action: &str) -> (String, Vec<(String, String)>, bool) {
        let bare = action.split('?').next().unwrap_or(action);
        let action_of = |form: &str| attribute(form.split('>').next().unwrap_or(""), "action").unwrap_or_default();
        let form = self.html.split("<form").skip(1).find(|form| action_of(form).split('?').next() == Some(bare));
        let form = form.unwrap_or_else(|| panic!("no form to {action} on {}:\n{}", self.address, self.text()));
        let form = form.split("</form>").next().unwrap_or("");
        let action = action_of(form);
        let parts = form.split('>').next().is_some_and(|head| head.contains("multipart"));
        let mut fields = Vec::new();
        for input in form.split("<input").skip(1) {
            let head = input.split('>').next().unwrap_or("");
            let kind = attribute(head, "type").unwrap_or_default();
            let chosen = !matches!(kind.as_str(), "checkbox" | "radio") || head.contains(" checked");
            if let (Some(name), true) = (attribute(head, "name"), chosen && kind != "file") {
                fields.push((name, attribute(head, "value").unwrap_or_default()));
            }
        }
        for area in form.split("<textarea").skip(1) {
            let (head, rest) = area.split_once('>').unwrap_or(("", ""));
            if let Some(name) = attribute(head, "name") {
                fields.push((name, unescape(rest.split("</textarea>").next().unwrap_or("").trim_start_matches('\n'))));
            }
        }
        for select in form.split("<select").skip(1) {
            let (head, rest) = select.split_once('>').unwrap_or(("", ""));
            let options = rest.split("</select>").next().unwrap_or("");
            let chosen = options.split("<option").skip(1).find(|option| option.split('>').next().is_some_and(|head| head.contains(" selected")));
            if let Some(name) = attribute(head, "name") {
                fields.push((name, chosen.and_then(|option| attribute(option, "value")).unwrap_or_default()));
            }
        }
        (action, fields, parts)
    }
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let rest = head.split(&format!("{name}=\"")).nth(1)?;
    Some(unescape(rest.split('"').next()?))
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Browser {
    pub fn new(kernel: &kernel::Kernel) -> Self {
        let settings = web::Settings { content_origin: "http://files.example".into(), ..web::Settings::default() };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { router: web::router(kernel.clone(), settings), runtime, cookies: Vec::new(), clicks: 0, fragment: None }
    }

    /// Somebody who has signed in through the page.
    pub fn signed_in(kernel: &kernel::Kernel, login: &str) -> Self {
        let mut browser = Self::new(kernel);
        let page = browser.get("/sign-in");
        let page = browser.submit(&page, "/sign-in", &[("login", login), ("secret", PASSWORD)]);
        assert_eq!(page.address, "/", "{}", page.text());
        browser.clicks = 0;
        browser
    }

    fn send(&mut self, method: &str, address: &str, content_type: Option<&str>, body: Vec<u8>) -> Shown {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut request = Request::builder().method(method).uri(address).header("sec-fetch-site", "same-origin").header(header::COOKIE, cookies);
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(fragment) = self.fragment {
            request = request.header("plumb-fragment", fragment);
        }
        let request = request.body(Body::from(body)).unwrap();
        let router = self.router.clone();
        let (parts, bytes) = self.runtime.block_on(async move {
            let response = router.oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            (parts, to_bytes(body, 64 << 20).await.unwrap())
        });
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            let (name, value) = text.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        if let Some(to) = parts.headers.get(header::LOCATION) {
            let to = to.to_str().unwrap().to_owned();
            if to.starts_with("http") {
                return Shown { status: parts.status, address: to, ..Shown::default() };
            }
            return self.send("GET", &to, None, Vec::new());
        }
        let text_of = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let policy = parts.headers.get(header::CONTENT_SECURITY_POLICY).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        Shown { status: parts.status, address: address.to_owned(), html: String::from_utf8_lossy(&bytes).into_owned(), policy, vary: text_of("vary").unwrap_or_default(), go: text_of("plumb-go") }
    }

    /// Opens an address as a link does.
    pub fn get(&mut self, address: &str) -> Shown {
        self.clicks += 1;
        let address = address.split('#').next().unwrap_or(address).to_owned();
        self.send("GET", &address, None, Vec::new())
    }

    /// Does something as the page's own module does, which asks for a part of the page only.
    pub fn asking_for<T>(&mut self, fragment: &'static str, what: impl FnOnce(&mut Self) -> T) -> T {
        self.fragment = Some(fragment);
        let done = what(self);
        self.fragment = None;
        done
    }

    /// Opens an address that must be there.
    #[track_caller]
    pub fn open(&mut self, address: &str) -> Shown {
        let shown = self.get(address);
        assert_eq!(shown.status, StatusCode::OK, "{address}: {}", shown.text());
        assert!(!shown.html.contains(" style=\"") && !shown.html.contains("<style") && !shown.html.contains("onclick="), "{address} has inline style or script");
        assert!(!shown.html.replace("<script src=", "").replace("<script type=\"module\" src=", "").contains("<script"), "{address} has an inline script");
        assert!(shown.policy.contains("default-src 'none'") && !shown.policy.contains("unsafe-inline"), "{address}: {}", shown.policy);
        shown
    }

    /// Fills in the form that goes to `action` and sends it as it stands, with these values.
    #[track_caller]
    pub fn submit(&mut self, page: &Shown, action: &str, values: &[(&str, &str)]) -> Shown {
        self.submit_with(page, action, values, None)
    }

    /// As [`Browser::submit`], with a file.
    #[track_caller]
    pub fn submit_with(&mut self, page: &Shown, action: &str, values: &[(&str, &str)], file: Option<(&str, &str, &[u8])>) -> Shown {
        self.clicks += 1;
        let (action, mut fields, parts) = page.form(action);
        let action = action.as_str();
        for (name, value) in values {
            match fields.iter_mut().find(|(known, _)| known == name) {
                Some((_, old)) => (*value).clone_into(old),
                None => fields.push(((*name).to_owned(), (*value).to_owned())),
            }
        }
        if !parts {
            let body = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&");
            return self.send("POST", action, Some("application/x-www-form-urlencoded"), body.into_bytes());
        }
        let boundary = "----plumbtest";
        let mut body = Vec::new();
        for (name, value) in &fields {
            body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
        }
        if let Some((field, name, bytes)) = file {
            body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n").bytes());
            body.extend(bytes);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{boundary}--\r\n").bytes());
        self.send("POST", action, Some(&format!("multipart/form-data; boundary={boundary}")), body)
    }
}
