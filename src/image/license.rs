//! Licences: whether an SPDX expression can be met with licences that OSI has approved.
//!
//! ```text
//! expression := term *( "OR" term )             (SPDX specification, annex "SPDX license expressions")
//! term       := factor *( "AND" factor )
//! factor     := "(" expression ")" | id [ "+" ] [ "WITH" id ]
//! id         := [A-Za-z0-9.-]+
//! ```
//!
//! The crate `spdx` reads the same, but brings every licence and exception of the list with its full
//! name: 97 KB of wasm, where the ids that count are 4 KB. It stays a dependency of the tests, which
//! compare the lists and the reading with it. Looser than `spdx`: an id that it does not know is not
//! approved rather than an error.

/// The ids of the licences that OSI has approved, in SPDX license list 3.29.0.
const APPROVED: &str = "0BSD AAL AFL-1.1 AFL-1.2 AFL-2.0 AFL-2.1 AFL-3.0 AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later \
    ALGLIB-Documentation APL-1.0 APSL-1.0 APSL-1.1 APSL-1.2 APSL-2.0 Apache-1.1 Apache-2.0 Artistic-1.0 \
    Artistic-1.0-Perl Artistic-1.0-cl8 Artistic-2.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent \
    BSD-3-Clause BSD-3-Clause-LBNL BSD-3-Clause-Open-MPI BSD-ask-to-endorse BSL-1.0 BlueOak-1.0.0 CAL-1.0 \
    CAL-1.0-Combined-Work-Exception CATOSL-1.1 CDDL-1.0 CDDL-1.1 CECILL-2.1 CERN-OHL-P-2.0 CERN-OHL-S-2.0 \
    CERN-OHL-W-2.0 CNRI-Python CNRI-Python-GPL-Compatible CPAL-1.0 CPL-1.0 CUA-OPL-1.0 ECL-1.0 ECL-2.0 \
    EFL-1.0 EFL-2.0 EPL-1.0 EPL-2.0 EUDatagrid EUPL-1.1 EUPL-1.2 Entessa Fair Frameworx-1.0 GPL-2.0 GPL-2.0+ \
    GPL-2.0-only GPL-2.0-or-later GPL-3.0 GPL-3.0+ GPL-3.0-only GPL-3.0-or-later GPL-3.0-with-GCC-exception \
    HPND ICU IPA IPL-1.0 ISC Intel Jam LGPL-2.0 LGPL-2.0+ LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1 LGPL-2.1+ \
    LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0 LGPL-3.0+ LGPL-3.0-only LGPL-3.0-or-later LPL-1.0 LPL-1.02 \
    LPPL-1.3c LiLiQ-P-1.1 LiLiQ-R-1.1 LiLiQ-Rplus-1.1 MIT MIT-0 MIT-Modern-Variant MPL-1.0 MPL-1.1 MPL-2.0 \
    MPL-2.0-no-copyleft-exception MS-PL MS-RL MirOS Motosoto MulanPSL-2.0 Multics NASA-1.3 NCSA NGPL \
    NPOSL-3.0 NTP Naumen Nokia OCLC-2.0 OFL-1.1 OFL-1.1-RFN OFL-1.1-no-RFN OGTSL OLDAP-2.8 OLFL-1.3 OSC-1.0 \
    OSET-PL-2.1 OSL-1.0 OSL-2.0 OSL-2.1 OSL-3.0 PHP-3.0 PHP-3.01 PostgreSQL Python-2.0 Python-2.0.1 QPL-1.0 \
    RPL-1.1 RPL-1.5 RPSL-1.0 RSCPL SISSL SPL-1.0 SimPL-2.0 Sleepycat UCL-1.0 UPL-1.0 Unicode-3.0 \
    Unicode-DFS-2016 Unlicense VSL-1.0 W3C W3C-20150513 Watcom-1.0 WordNet Xnet ZPL-2.0 ZPL-2.1 Zlib curl \
    wxWindows";

/// The exceptions of SPDX license list 3.29.0, which only ever add permissions. Anything else that follows `WITH` can take
/// permissions away (`Commons-Clause`, `LicenseRef-no-commercial-use-exception`).
const EXCEPTIONS: &str = "389-exception Asterisk-exception Asterisk-linking-protocols-exception Autoconf-exception-2.0 \
    Autoconf-exception-3.0 Autoconf-exception-generic Autoconf-exception-generic-3.0 \
    Autoconf-exception-macro Bison-exception-1.24 Bison-exception-2.2 Bootloader-exception \
    CGAL-linking-exception CLISP-exception-2.0 Classpath-exception-2.0 Classpath-exception-2.0-short \
    DigiRule-FOSS-exception Digia-Qt-LGPL-exception-1.1 FLTK-exception Fawkes-Runtime-exception \
    Font-exception-2.0 GCC-exception-2.0 GCC-exception-2.0-note GCC-exception-3.1 GNAT-exception \
    GNOME-examples-exception GNU-compiler-exception GPL-3.0-389-ds-base-exception \
    GPL-3.0-interface-exception GPL-3.0-linking-exception GPL-3.0-linking-source-exception GPL-CC-1.0 \
    GStreamer-exception-2005 GStreamer-exception-2008 Gmsh-exception Google-Patent-WebM \
    Independent-modules-exception KiCad-libraries-exception LGPL-3.0-linking-exception LLGPL \
    LLVM-exception LZMA-exception Libtool-exception Linux-syscall-note Nokia-Qt-exception-1.1 \
    OCCT-exception-1.0 OCaml-LGPL-linking-exception OpenJDK-assembly-exception-1.0 PCRE2-exception \
    PS-or-PDF-font-exception-20170817 QPL-1.0-INRIA-2004-exception Qt-GPL-exception-1.0 \
    Qt-LGPL-exception-1.1 Qwt-exception-1.0 RRDtool-FLOSS-exception-2.0 SANE-exception SHL-2.0 SHL-2.1 \
    SWI-exception Simple-Library-Usage-exception Spelling-Provider-LGPL-exception Swift-exception \
    Texinfo-exception UBDL-exception Universal-FOSS-exception-1.0 WxWindows-exception-3.1 \
    cryptsetup-OpenSSL-exception eCos-exception-2.0 erlang-otp-linking-exception fmt-exception \
    freertos-exception-2.0 gnu-javamail-exception harbour-exception i2p-gpl-java-exception \
    kvirc-openssl-exception libpri-OpenH323-exception mif-exception mxml-exception \
    openvpn-openssl-exception polyparse-exception romic-exception rsync-linking-exception \
    sqlitestudio-OpenSSL-exception stunnel-exception u-boot-exception-2.0 vsftpd-openssl-exception \
    x11vnc-openssl-exception";

/// Whether `expression` can be met with licences that OSI has approved; `None` where it is not an expression.
pub(crate) fn is_open_source(expression: &str) -> Option<bool> {
    let mut tokens = Tokens(expression.trim_ascii_start());
    let open_source = either(&mut tokens, 0)?;
    tokens.0.is_empty().then_some(open_source)
}

/// How deep parentheses may be nested: a label is a stranger's string, and the stack of a guest is small.
const DEPTH_MAX: usize = 32;

fn either(tokens: &mut Tokens<'_>, depth: usize) -> Option<bool> {
    let mut open_source = both(tokens, depth)?;
    while tokens.take_if("OR") {
        open_source |= both(tokens, depth)?;
    }
    Some(open_source)
}

fn both(tokens: &mut Tokens<'_>, depth: usize) -> Option<bool> {
    let mut open_source = one(tokens, depth)?;
    while tokens.take_if("AND") {
        open_source &= one(tokens, depth)?;
    }
    Some(open_source)
}

fn one(tokens: &mut Tokens<'_>, depth: usize) -> Option<bool> {
    if tokens.take_if("(") {
        let open_source = if depth < DEPTH_MAX { either(tokens, depth + 1)? } else { return None };
        return tokens.take_if(")").then_some(open_source);
    }
    let id = tokens.id()?;
    let is_permitted = !tokens.take_if("WITH") || is_in(EXCEPTIONS, tokens.id()?);
    Some(is_permitted && is_in(APPROVED, id.strip_suffix('+').unwrap_or(id)))
}

fn is_in(list: &str, id: &str) -> bool {
    list.split(' ').any(|known| known.eq_ignore_ascii_case(id))
}

/// What of an expression is still to be read, without white space before it.
struct Tokens<'e>(&'e str);

impl<'e> Tokens<'e> {
    /// The next token: a parenthesis, or whatever ends at white space or a parenthesis.
    fn peek(&self) -> &'e str {
        let is_end = |character: char| character.is_ascii_whitespace() || matches!(character, '(' | ')');
        match self.0.find(is_end) {
            Some(0) => &self.0[..1],
            Some(end) => &self.0[..end],
            None => self.0,
        }
    }

    fn take(&mut self) -> &'e str {
        let token = self.peek();
        self.0 = self.0[token.len()..].trim_ascii_start();
        token
    }

    fn take_if(&mut self, expected: &str) -> bool {
        let is_next = self.peek() == expected;
        if is_next {
            self.take();
        }
        is_next
    }

    fn id(&mut self) -> Option<&'e str> {
        let id = self.take();
        let name = id.strip_suffix('+').unwrap_or(id);
        let is_id = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':'));
        (is_id && !matches!(id, "AND" | "OR" | "WITH")).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn approves_what_spdx_says_that_osi_has_approved() {
        let approved: Vec<&str> = spdx::identifiers::LICENSES
            .iter()
            .map(|license| license.name)
            .filter(|name| spdx::license_id(name).is_some_and(|id| id.is_osi_approved()))
            .collect();
        assert_eq!(APPROVED, approved.join(" "));
    }

    #[test]
    fn reads_expressions_as_spdx_does() {
        const IDS: &[&str] =
            &["MIT", "Apache-2.0", "SSPL-1.0", "GPL-2.0-or-later WITH Classpath-exception-2.0", "(BUSL-1.1)"];
        for (first, second, third) in
            IDS.iter().flat_map(|a| IDS.iter().flat_map(move |b| IDS.iter().map(move |c| (a, b, c))))
        {
            for expression in [
                format!("{first} AND {second} OR {third}"),
                format!("{first} OR {second} AND {third}"),
                format!("({first} OR {second}) AND {third}"),
                format!("  {first} AND ( {second} OR {third} )"),
            ] {
                let parsed = spdx::Expression::parse(&expression).expect(&expression);
                let expected =
                    parsed.evaluate(|requirement| requirement.license.id().is_some_and(|id| id.is_osi_approved()));
                assert_eq!(is_open_source(&expression), Some(expected), "{expression}");
            }
        }
    }

    #[test]
    fn rejects_what_is_not_an_expression() {
        let deep = "(".repeat(10_000);
        for text in [
            "",
            " ",
            "MIT Apache-2.0",
            "MIT OR",
            "AND MIT",
            "(MIT",
            "MIT)",
            "()",
            "MIT WITH",
            "MIT/X11",
            "MIT,BSD",
            &deep,
        ] {
            assert_eq!(is_open_source(text), None, "{text}");
            assert!(spdx::Expression::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn knows_the_exceptions_of_spdx() {
        let known: Vec<&str> = spdx::identifiers::EXCEPTIONS.iter().map(|exception| exception.name).collect();
        assert_eq!(EXCEPTIONS, known.join(" "));
    }

    #[test]
    fn takes_what_is_not_an_exception_for_a_restriction() {
        for expression in [
            "Apache-2.0 WITH Commons-Clause",
            "MIT WITH MIT",
            "MIT WITH AdditionRef-x",
            "MIT WITH LicenseRef-no-commercial-use-exception",
            "MIT WITH Commons-Clause-exception",
        ] {
            assert_eq!(is_open_source(expression), Some(false), "{expression}");
        }
    }

    #[test]
    fn takes_an_unknown_license_for_one_that_is_not_approved() {
        for text in ["GNU", "Proprietary", "LicenseRef-x", "DocumentRef-a:LicenseRef-b"] {
            assert_eq!(is_open_source(text), Some(false), "{text}");
        }
    }
}
