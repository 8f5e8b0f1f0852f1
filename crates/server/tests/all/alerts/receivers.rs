//! A web server and a mail server that keep what they were given and answer as they are told.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.head.iter().find_map(|line| {
            let (given, value) = line.split_once(": ")?;
            given.eq_ignore_ascii_case(name).then_some(value)
        });
        found.unwrap_or_else(|| panic!("no {name} in {:?}", self.head))
    }
}

/// A server with its port and what it was given.
pub(crate) struct Receiver<T> {
    pub(crate) port: u16,
    got: Arc<Mutex<Vec<T>>>,
}

impl<T: Clone + Send + 'static> Receiver<T> {
    fn new(serve: impl Fn(&mut TcpStream, &Mutex<Vec<T>>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let got = Arc::new(Mutex::new(Vec::new()));
        let (kept, serve) = (got.clone(), Arc::new(serve));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, kept, serve) = (stream.unwrap(), kept.clone(), serve.clone());
                std::thread::spawn(move || serve(&mut stream, &kept));
            }
        });
        Self { port, got }
    }

    pub(crate) fn got(&self) -> Vec<T> {
        self.got.lock().unwrap().clone()
    }
}

/// A web server; `answer` is given how many requests there were before, and writes.
pub(crate) fn web(answer: impl Fn(usize, &mut TcpStream) + Send + Sync + 'static) -> Receiver<Request> {
    Receiver::new(move |stream, got| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line.trim_end().is_empty() {
                break;
            }
            head.push(line.trim_end().to_owned());
        }
        let mut request = Request { head, body: String::new() };
        let mut body = vec![0; request.header("content-length").parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        request.body = String::from_utf8(body).unwrap();
        let before = {
            let mut got = got.lock().unwrap();
            got.push(request);
            got.len() - 1
        };
        answer(before, stream);
    })
}

/// Answers with a status and nothing else.
pub(crate) fn status(stream: &mut TcpStream, status: &str) {
    let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

/// A mail server that refuses the first `refusals` mails for now.
pub(crate) fn post(refusals: usize) -> Receiver<String> {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    Receiver::new(move |stream, got| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut say = |line: &str| drop(stream.write_all(format!("{line}\r\n").as_bytes()));
        say("220 post ESMTP");
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap_or(0) > 0 {
            match line.trim_end().to_ascii_uppercase() {
                word if word.starts_with("EHLO") => say("250 post"),
                word if word.starts_with("RCPT") => {
                    let before = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    say(if before < refusals { "450 maria@practice.example is busy" } else { "250 yes" });
                }
                word if word == "DATA" => {
                    say("354 go on");
                    let mut mail = String::new();
                    while !mail.ends_with("\r\n.\r\n") && reader.read_line(&mut mail).unwrap_or(0) > 0 {}
                    got.lock().unwrap().push(mail);
                    say("250 kept");
                }
                word if word == "QUIT" => return say("221 bye"),
                _ => say("250 yes"),
            }
            line.clear();
        }
    })
}
