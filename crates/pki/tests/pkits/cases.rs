//! What the PKITS document says of each case: name, verdict, and the files of its path and lists. The trust
//! anchor and its list belong to every case.

/// Whether a path is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Valid,
    Invalid,
    /// Valid by the document, and refused here by design.
    ValidAndRefused(&'static str),
}

use Verdict::{Invalid, Valid, ValidAndRefused};

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) verdict: Verdict,
    /// From the anchor downwards; the last one is checked.
    pub(crate) certificates: &'static [&'static str],
    pub(crate) lists: &'static [&'static str],
}

const fn case(
    name: &'static str,
    verdict: Verdict,
    certificates: &'static [&'static str],
    lists: &'static [&'static str],
) -> Case {
    Case { name, verdict, certificates, lists }
}

const DSA: Verdict = ValidAndRefused("no card and no authority of ours signs with DSA");
const INDIRECT: Verdict = ValidAndRefused("an indirect list: one key would speak for another's certificates");
const REASONS: Verdict = ValidAndRefused("lists by reasons: half of them would look like all");

pub(crate) const CASES: &[Case] = &[
    case("4.1.1 Valid Signatures", Valid, &["GoodCACert", "ValidCertificatePathTest1EE"], &["GoodCACRL"]),
    case(
        "4.1.2 Invalid CA Signature",
        Invalid,
        &["BadSignedCACert", "InvalidCASignatureTest2EE"],
        &["BadSignedCACRL"],
    ),
    case("4.1.3 Invalid EE Signature", Invalid, &["GoodCACert", "InvalidEESignatureTest3EE"], &["GoodCACRL"]),
    case("4.1.4 Valid DSA Signatures", DSA, &["DSACACert", "ValidDSASignaturesTest4EE"], &["DSACACRL"]),
    case(
        "4.1.5 Valid DSA Parameter Inheritance",
        DSA,
        &["DSACACert", "DSAParametersInheritedCACert", "ValidDSAParameterInheritanceTest5EE"],
        &["DSACACRL", "DSAParametersInheritedCACRL"],
    ),
    case("4.1.6 Invalid DSA Signature", Invalid, &["DSACACert", "InvalidDSASignatureTest6EE"], &["DSACACRL"]),
    case(
        "4.2.1 Invalid CA notBefore Date",
        Invalid,
        &["BadnotBeforeDateCACert", "InvalidCAnotBeforeDateTest1EE"],
        &["BadnotBeforeDateCACRL"],
    ),
    case(
        "4.2.2 Invalid EE notBefore Date",
        Invalid,
        &["GoodCACert", "InvalidEEnotBeforeDateTest2EE"],
        &["GoodCACRL"],
    ),
    case(
        "4.2.3 Valid pre2000 UTC notBefore Date",
        Valid,
        &["GoodCACert", "Validpre2000UTCnotBeforeDateTest3EE"],
        &["GoodCACRL"],
    ),
    case(
        "4.2.4 Valid GeneralizedTime notBefore Date",
        Valid,
        &["GoodCACert", "ValidGeneralizedTimenotBeforeDateTest4EE"],
        &["GoodCACRL"],
    ),
    case(
        "4.2.5 Invalid CA notAfter Date",
        Invalid,
        &["BadnotAfterDateCACert", "InvalidCAnotAfterDateTest5EE"],
        &["BadnotAfterDateCACRL"],
    ),
    case(
        "4.2.6 Invalid EE notAfter Date",
        Invalid,
        &["GoodCACert", "InvalidEEnotAfterDateTest6EE"],
        &["GoodCACRL"],
    ),
    case(
        "4.2.7 Invalid pre2000 UTC EE notAfter Date",
        Invalid,
        &["GoodCACert", "Invalidpre2000UTCEEnotAfterDateTest7EE"],
        &["GoodCACRL"],
    ),
    case(
        "4.2.8 Valid GeneralizedTime notAfter Date",
        Valid,
        &["GoodCACert", "ValidGeneralizedTimenotAfterDateTest8EE"],
        &["GoodCACRL"],
    ),
    case(
        "4.3.1 Invalid Name Chaining EE",
        Invalid,
        &["GoodCACert", "InvalidNameChainingTest1EE"],
        &["GoodCACRL"],
    ),
    case(
        "4.3.2 Invalid Name Chaining Order",
        Invalid,
        &["NameOrderingCACert", "InvalidNameChainingOrderTest2EE"],
        &["NameOrderCACRL"],
    ),
    case(
        "4.3.3 Valid Name Chaining Whitespace",
        Valid,
        &["GoodCACert", "ValidNameChainingWhitespaceTest3EE"],
        &["GoodCACRL"],
    ),
    case(
        "4.3.4 Valid Name Chaining Whitespace",
        Valid,
        &["GoodCACert", "ValidNameChainingWhitespaceTest4EE"],
        &["GoodCACRL"],
    ),
    case(
        "4.3.5 Valid Name Chaining Capitalization",
        Valid,
        &["GoodCACert", "ValidNameChainingCapitalizationTest5EE"],
        &["GoodCACRL"],
    ),
    case("4.3.6 Valid Name Chaining UIDs", Valid, &["UIDCACert", "ValidNameUIDsTest6EE"], &["UIDCACRL"]),
    case(
        "4.3.7 Valid RFC3280 Mandatory Attribute Types",
        Valid,
        &["RFC3280MandatoryAttributeTypesCACert", "ValidRFC3280MandatoryAttributeTypesTest7EE"],
        &["RFC3280MandatoryAttributeTypesCACRL"],
    ),
    case(
        "4.3.8 Valid RFC3280 Optional Attribute Types",
        Valid,
        &["RFC3280OptionalAttributeTypesCACert", "ValidRFC3280OptionalAttributeTypesTest8EE"],
        &["RFC3280OptionalAttributeTypesCACRL"],
    ),
    case(
        "4.3.9 Valid UTF8String Encoded Names",
        Valid,
        &["UTF8StringEncodedNamesCACert", "ValidUTF8StringEncodedNamesTest9EE"],
        &["UTF8StringEncodedNamesCACRL"],
    ),
    case(
        "4.3.10 Valid Rollover from PrintableString to UTF8String",
        Valid,
        &[
            "RolloverfromPrintableStringtoUTF8StringCACert",
            "ValidRolloverfromPrintableStringtoUTF8StringTest10EE",
        ],
        &["RolloverfromPrintableStringtoUTF8StringCACRL"],
    ),
    case(
        "4.3.11 Valid UTF8String Case Insensitive Match",
        Valid,
        &["UTF8StringCaseInsensitiveMatchCACert", "ValidUTF8StringCaseInsensitiveMatchTest11EE"],
        &["UTF8StringCaseInsensitiveMatchCACRL"],
    ),
    case("4.4.1 Missing CRL", Invalid, &["NoCRLCACert", "InvalidMissingCRLTest1EE"], &[]),
    case(
        "4.4.2 Invalid Revoked CA",
        Invalid,
        &["GoodCACert", "RevokedsubCACert", "InvalidRevokedCATest2EE"],
        &["GoodCACRL", "RevokedsubCACRL"],
    ),
    case("4.4.3 Invalid Revoked EE", Invalid, &["GoodCACert", "InvalidRevokedEETest3EE"], &["GoodCACRL"]),
    case(
        "4.4.4 Invalid Bad CRL Signature",
        Invalid,
        &["BadCRLSignatureCACert", "InvalidBadCRLSignatureTest4EE"],
        &["BadCRLSignatureCACRL"],
    ),
    case(
        "4.4.5 Invalid Bad CRL Issuer Name",
        Invalid,
        &["BadCRLIssuerNameCACert", "InvalidBadCRLIssuerNameTest5EE"],
        &["BadCRLIssuerNameCACRL"],
    ),
    case(
        "4.4.6 Invalid Wrong CRL",
        Invalid,
        &["WrongCRLCACert", "InvalidWrongCRLTest6EE"],
        &["WrongCRLCACRL"],
    ),
    case(
        "4.4.7 Valid Two CRLs",
        Valid,
        &["TwoCRLsCACert", "ValidTwoCRLsTest7EE"],
        &["TwoCRLsCAGoodCRL", "TwoCRLsCABadCRL"],
    ),
    case(
        "4.4.8 Invalid Unknown CRL Entry Extension",
        Invalid,
        &["UnknownCRLEntryExtensionCACert", "InvalidUnknownCRLEntryExtensionTest8EE"],
        &["UnknownCRLEntryExtensionCACRL"],
    ),
    case(
        "4.4.9 Invalid Unknown CRL Extension",
        Invalid,
        &["UnknownCRLExtensionCACert", "InvalidUnknownCRLExtensionTest9EE"],
        &["UnknownCRLExtensionCACRL"],
    ),
    case(
        "4.4.10 Invalid Unknown CRL Extension",
        Invalid,
        &["UnknownCRLExtensionCACert", "InvalidUnknownCRLExtensionTest10EE"],
        &["UnknownCRLExtensionCACRL"],
    ),
    case(
        "4.4.11 Invalid Old CRL nextUpdate",
        Invalid,
        &["OldCRLnextUpdateCACert", "InvalidOldCRLnextUpdateTest11EE"],
        &["OldCRLnextUpdateCACRL"],
    ),
    case(
        "4.4.12 Invalid pre2000 CRL nextUpdate",
        Invalid,
        &["pre2000CRLnextUpdateCACert", "Invalidpre2000CRLnextUpdateTest12EE"],
        &["pre2000CRLnextUpdateCACRL"],
    ),
    case(
        "4.4.13 Valid GeneralizedTime CRL nextUpdate",
        Valid,
        &["GeneralizedTimeCRLnextUpdateCACert", "ValidGeneralizedTimeCRLnextUpdateTest13EE"],
        &["GeneralizedTimeCRLnextUpdateCACRL"],
    ),
    case(
        "4.4.14 Valid Negative Serial Number",
        Valid,
        &["NegativeSerialNumberCACert", "ValidNegativeSerialNumberTest14EE"],
        &["NegativeSerialNumberCACRL"],
    ),
    case(
        "4.4.15 Invalid Negative Serial Number",
        Invalid,
        &["NegativeSerialNumberCACert", "InvalidNegativeSerialNumberTest15EE"],
        &["NegativeSerialNumberCACRL"],
    ),
    case(
        "4.4.16 Valid Long Serial Number",
        Valid,
        &["LongSerialNumberCACert", "ValidLongSerialNumberTest16EE"],
        &["LongSerialNumberCACRL"],
    ),
    case(
        "4.4.17 Valid Long Serial Number",
        Valid,
        &["LongSerialNumberCACert", "ValidLongSerialNumberTest17EE"],
        &["LongSerialNumberCACRL"],
    ),
    case(
        "4.4.18 Invalid Long Serial Number",
        Invalid,
        &["LongSerialNumberCACert", "InvalidLongSerialNumberTest18EE"],
        &["LongSerialNumberCACRL"],
    ),
    case(
        "4.4.19 Valid Separate Certificate and CRL Keys",
        Valid,
        &[
            "SeparateCertificateandCRLKeysCertificateSigningCACert",
            "SeparateCertificateandCRLKeysCRLSigningCert",
            "ValidSeparateCertificateandCRLKeysTest19EE",
        ],
        &["SeparateCertificateandCRLKeysCRL"],
    ),
    case(
        "4.4.20 Invalid Separate Certificate and CRL Keys",
        Invalid,
        &[
            "SeparateCertificateandCRLKeysCertificateSigningCACert",
            "SeparateCertificateandCRLKeysCRLSigningCert",
            "InvalidSeparateCertificateandCRLKeysTest20EE",
        ],
        &["SeparateCertificateandCRLKeysCRL"],
    ),
    case(
        "4.4.21 Invalid Separate Certificate and CRL Keys",
        Invalid,
        &[
            "SeparateCertificateandCRLKeysCA2CertificateSigningCACert",
            "SeparateCertificateandCRLKeysCA2CRLSigningCert",
            "InvalidSeparateCertificateandCRLKeysTest21EE",
        ],
        &["SeparateCertificateandCRLKeysCA2CRL"],
    ),
    case(
        "4.5.1 Valid Basic Self-Issued Old With New",
        Valid,
        &[
            "BasicSelfIssuedNewKeyCACert",
            "BasicSelfIssuedNewKeyOldWithNewCACert",
            "ValidBasicSelfIssuedOldWithNewTest1EE",
        ],
        &["BasicSelfIssuedNewKeyCACRL"],
    ),
    case(
        "4.5.2 Invalid Basic Self-Issued Old With New",
        Invalid,
        &[
            "BasicSelfIssuedNewKeyCACert",
            "BasicSelfIssuedNewKeyOldWithNewCACert",
            "InvalidBasicSelfIssuedOldWithNewTest2EE",
        ],
        &["BasicSelfIssuedNewKeyCACRL"],
    ),
    case(
        "4.5.3 Valid Basic Self-Issued New With Old",
        Valid,
        &[
            "BasicSelfIssuedOldKeyCACert",
            "BasicSelfIssuedOldKeyNewWithOldCACert",
            "ValidBasicSelfIssuedNewWithOldTest3EE",
        ],
        &["BasicSelfIssuedOldKeySelfIssuedCertCRL", "BasicSelfIssuedOldKeyCACRL"],
    ),
    case(
        "4.5.4 Valid Basic Self-Issued New With Old",
        Valid,
        &[
            "BasicSelfIssuedOldKeyCACert",
            "BasicSelfIssuedOldKeyNewWithOldCACert",
            "ValidBasicSelfIssuedNewWithOldTest4EE",
        ],
        &["BasicSelfIssuedOldKeySelfIssuedCertCRL", "BasicSelfIssuedOldKeyCACRL"],
    ),
    case(
        "4.5.5 Invalid Basic Self-Issued New With Old",
        Invalid,
        &[
            "BasicSelfIssuedOldKeyCACert",
            "BasicSelfIssuedOldKeyNewWithOldCACert",
            "InvalidBasicSelfIssuedNewWithOldTest5EE",
        ],
        &["BasicSelfIssuedOldKeySelfIssuedCertCRL", "BasicSelfIssuedOldKeyCACRL"],
    ),
    case(
        "4.5.6 Valid Basic Self-Issued CRL Signing Key",
        Valid,
        &[
            "BasicSelfIssuedCRLSigningKeyCACert",
            "BasicSelfIssuedCRLSigningKeyCRLCert",
            "ValidBasicSelfIssuedCRLSigningKeyTest6EE",
        ],
        &["BasicSelfIssuedCRLSigningKeyCRLCertCRL", "BasicSelfIssuedCRLSigningKeyCACRL"],
    ),
    case(
        "4.5.7 Invalid Basic Self-Issued CRL Signing Key",
        Invalid,
        &[
            "BasicSelfIssuedCRLSigningKeyCACert",
            "BasicSelfIssuedCRLSigningKeyCRLCert",
            "InvalidBasicSelfIssuedCRLSigningKeyTest7EE",
        ],
        &["BasicSelfIssuedCRLSigningKeyCRLCertCRL", "BasicSelfIssuedCRLSigningKeyCACRL"],
    ),
    case(
        "4.5.8 Invalid Basic Self-Issued CRL Signing Key",
        Invalid,
        &[
            "BasicSelfIssuedCRLSigningKeyCACert",
            "BasicSelfIssuedCRLSigningKeyCRLCert",
            "InvalidBasicSelfIssuedCRLSigningKeyTest8EE",
        ],
        &["BasicSelfIssuedCRLSigningKeyCRLCertCRL", "BasicSelfIssuedCRLSigningKeyCACRL"],
    ),
    case(
        "4.7.1 Invalid keyUsage CriticalkeyCertSignFalse",
        Invalid,
        &["keyUsageCriticalkeyCertSignFalseCACert", "InvalidkeyUsageCriticalkeyCertSignFalseTest1EE"],
        &["keyUsageCriticalkeyCertSignFalseCACRL"],
    ),
    case(
        "4.7.2 Invalid keyUsage NotCriticalkeyCertSignFalse",
        Invalid,
        &["keyUsageNotCriticalkeyCertSignFalseCACert", "InvalidkeyUsageNotCriticalkeyCertSignFalseTest2EE"],
        &["keyUsageNotCriticalkeyCertSignFalseCACRL"],
    ),
    case(
        "4.7.3 Valid keyUsage NotCritical",
        Valid,
        &["keyUsageNotCriticalCACert", "ValidkeyUsageNotCriticalTest3EE"],
        &["keyUsageNotCriticalCACRL"],
    ),
    case(
        "4.7.4 Invalid keyUsage CriticalcRLSignFalse",
        Invalid,
        &["keyUsageCriticalcRLSignFalseCACert", "InvalidkeyUsageCriticalcRLSignFalseTest4EE"],
        &["keyUsageCriticalcRLSignFalseCACRL"],
    ),
    case(
        "4.7.5 Invalid keyUsage NotCriticalcRLSignFalse",
        Invalid,
        &["keyUsageNotCriticalcRLSignFalseCACert", "InvalidkeyUsageNotCriticalcRLSignFalseTest5EE"],
        &["keyUsageNotCriticalcRLSignFalseCACRL"],
    ),
    case(
        "4.14.1 Valid distributionPoint",
        Valid,
        &["distributionPoint1CACert", "ValiddistributionPointTest1EE"],
        &["distributionPoint1CACRL"],
    ),
    case(
        "4.14.2 Invalid distributionPoint",
        Invalid,
        &["distributionPoint1CACert", "InvaliddistributionPointTest2EE"],
        &["distributionPoint1CACRL"],
    ),
    case(
        "4.14.3 Invalid distributionPoint",
        Invalid,
        &["distributionPoint1CACert", "InvaliddistributionPointTest3EE"],
        &["distributionPoint1CACRL"],
    ),
    case(
        "4.14.4 Valid distributionPoint",
        Valid,
        &["distributionPoint1CACert", "ValiddistributionPointTest4EE"],
        &["distributionPoint1CACRL"],
    ),
    case(
        "4.14.5 Valid distributionPoint",
        Valid,
        &["distributionPoint2CACert", "ValiddistributionPointTest5EE"],
        &["distributionPoint2CACRL"],
    ),
    case(
        "4.14.6 Invalid distributionPoint",
        Invalid,
        &["distributionPoint2CACert", "InvaliddistributionPointTest6EE"],
        &["distributionPoint2CACRL"],
    ),
    case(
        "4.14.7 Valid distributionPoint",
        Valid,
        &["distributionPoint2CACert", "ValiddistributionPointTest7EE"],
        &["distributionPoint2CACRL"],
    ),
    case(
        "4.14.8 Invalid distributionPoint",
        Invalid,
        &["distributionPoint2CACert", "InvaliddistributionPointTest8EE"],
        &["distributionPoint2CACRL"],
    ),
    case(
        "4.14.9 Invalid distributionPoint",
        Invalid,
        &["distributionPoint2CACert", "InvaliddistributionPointTest9EE"],
        &["distributionPoint2CACRL"],
    ),
    case(
        "4.14.10 Valid No issuingDistributionPoint",
        Valid,
        &["NoissuingDistributionPointCACert", "ValidNoissuingDistributionPointTest10EE"],
        &["NoissuingDistributionPointCACRL"],
    ),
    case(
        "4.14.11 Invalid onlyContainsUserCerts CRL",
        Invalid,
        &["onlyContainsUserCertsCACert", "InvalidonlyContainsUserCertsTest11EE"],
        &["onlyContainsUserCertsCACRL"],
    ),
    case(
        "4.14.12 Invalid onlyContainsCACerts CRL",
        Invalid,
        &["onlyContainsCACertsCACert", "InvalidonlyContainsCACertsTest12EE"],
        &["onlyContainsCACertsCACRL"],
    ),
    case(
        "4.14.13 Valid onlyContainsCACerts CRL",
        Valid,
        &["onlyContainsCACertsCACert", "ValidonlyContainsCACertsTest13EE"],
        &["onlyContainsCACertsCACRL"],
    ),
    case(
        "4.14.14 Invalid onlyContainsAttributeCerts",
        Invalid,
        &["onlyContainsAttributeCertsCACert", "InvalidonlyContainsAttributeCertsTest14EE"],
        &["onlyContainsAttributeCertsCACRL"],
    ),
    case(
        "4.14.15 Invalid onlySomeReasons",
        Invalid,
        &["onlySomeReasonsCA1Cert", "InvalidonlySomeReasonsTest15EE"],
        &["onlySomeReasonsCA1compromiseCRL", "onlySomeReasonsCA1otherreasonsCRL"],
    ),
    case(
        "4.14.16 Invalid onlySomeReasons",
        Invalid,
        &["onlySomeReasonsCA1Cert", "InvalidonlySomeReasonsTest16EE"],
        &["onlySomeReasonsCA1compromiseCRL", "onlySomeReasonsCA1otherreasonsCRL"],
    ),
    case(
        "4.14.17 Invalid onlySomeReasons",
        Invalid,
        &["onlySomeReasonsCA2Cert", "InvalidonlySomeReasonsTest17EE"],
        &["onlySomeReasonsCA2CRL1", "onlySomeReasonsCA2CRL2"],
    ),
    case(
        "4.14.18 Valid onlySomeReasons",
        REASONS,
        &["onlySomeReasonsCA3Cert", "ValidonlySomeReasonsTest18EE"],
        &["onlySomeReasonsCA3compromiseCRL", "onlySomeReasonsCA3otherreasonsCRL"],
    ),
    case(
        "4.14.19 Valid onlySomeReasons",
        REASONS,
        &["onlySomeReasonsCA4Cert", "ValidonlySomeReasonsTest19EE"],
        &["onlySomeReasonsCA4compromiseCRL", "onlySomeReasonsCA4otherreasonsCRL"],
    ),
    case(
        "4.14.20 Invalid onlySomeReasons",
        Invalid,
        &["onlySomeReasonsCA4Cert", "InvalidonlySomeReasonsTest20EE"],
        &["onlySomeReasonsCA4compromiseCRL", "onlySomeReasonsCA4otherreasonsCRL"],
    ),
    case(
        "4.14.21 Invalid onlySomeReasons",
        Invalid,
        &["onlySomeReasonsCA4Cert", "InvalidonlySomeReasonsTest21EE"],
        &["onlySomeReasonsCA4compromiseCRL", "onlySomeReasonsCA4otherreasonsCRL"],
    ),
    case(
        "4.14.22 Valid IDP with indirectCRL",
        INDIRECT,
        &["indirectCRLCA1Cert", "ValidIDPwithindirectCRLTest22EE"],
        &["indirectCRLCA1CRL"],
    ),
    case(
        "4.14.23 Invalid IDP with indirectCRL",
        Invalid,
        &["indirectCRLCA1Cert", "InvalidIDPwithindirectCRLTest23EE"],
        &["indirectCRLCA1CRL"],
    ),
    case(
        "4.14.24 Valid IDP with indirectCRL",
        INDIRECT,
        &["indirectCRLCA1Cert", "indirectCRLCA2Cert", "ValidIDPwithindirectCRLTest24EE"],
        &["indirectCRLCA1CRL"],
    ),
    case(
        "4.14.25 Valid IDP with indirectCRL",
        INDIRECT,
        &["indirectCRLCA1Cert", "indirectCRLCA2Cert", "ValidIDPwithindirectCRLTest25EE"],
        &["indirectCRLCA1CRL"],
    ),
    case(
        "4.14.26 Invalid IDP with indirectCRL",
        Invalid,
        &["indirectCRLCA1Cert", "indirectCRLCA2Cert", "InvalidIDPwithindirectCRLTest26EE"],
        &["indirectCRLCA1CRL"],
    ),
    case(
        "4.14.27 Invalid cRLIssuer",
        Invalid,
        &["GoodCACert", "indirectCRLCA2Cert", "InvalidcRLIssuerTest27EE"],
        &["GoodCACRL"],
    ),
    case(
        "4.14.28 Valid cRLIssuer",
        INDIRECT,
        &["indirectCRLCA3Cert", "indirectCRLCA3cRLIssuerCert", "ValidcRLIssuerTest28EE"],
        &["indirectCRLCA3CRL", "indirectCRLCA3cRLIssuerCRL"],
    ),
    case(
        "4.14.29 Valid cRLIssuer",
        INDIRECT,
        &["indirectCRLCA3Cert", "indirectCRLCA3cRLIssuerCert", "ValidcRLIssuerTest29EE"],
        &["indirectCRLCA3CRL", "indirectCRLCA3cRLIssuerCRL"],
    ),
    case(
        "4.14.30 Valid cRLIssuer",
        INDIRECT,
        &["indirectCRLCA4Cert", "indirectCRLCA4cRLIssuerCert", "ValidcRLIssuerTest30EE"],
        &["indirectCRLCA4cRLIssuerCRL"],
    ),
    case(
        "4.14.31 Invalid cRLIssuer",
        Invalid,
        &["indirectCRLCA5Cert", "indirectCRLCA6Cert", "InvalidcRLIssuerTest31EE"],
        &["indirectCRLCA5CRL"],
    ),
    case(
        "4.14.32 Invalid cRLIssuer",
        Invalid,
        &["indirectCRLCA5Cert", "indirectCRLCA6Cert", "InvalidcRLIssuerTest32EE"],
        &["indirectCRLCA5CRL"],
    ),
    case(
        "4.14.33 Valid cRLIssuer",
        INDIRECT,
        &["indirectCRLCA5Cert", "indirectCRLCA6Cert", "ValidcRLIssuerTest33EE"],
        &["indirectCRLCA5CRL"],
    ),
    case(
        "4.14.34 Invalid cRLIssuer",
        Invalid,
        &["indirectCRLCA5Cert", "InvalidcRLIssuerTest34EE"],
        &["indirectCRLCA5CRL"],
    ),
    case(
        "4.14.35 Invalid cRLIssuer",
        Invalid,
        &["indirectCRLCA5Cert", "InvalidcRLIssuerTest35EE"],
        &["indirectCRLCA5CRL"],
    ),
    case(
        "4.15.1 Invalid deltaCRLIndicator No Base",
        Invalid,
        &["deltaCRLIndicatorNoBaseCACert", "InvaliddeltaCRLIndicatorNoBaseTest1EE"],
        &["deltaCRLIndicatorNoBaseCACRL"],
    ),
    case(
        "4.15.2 Valid delta-CRL",
        Valid,
        &["deltaCRLCA1Cert", "ValiddeltaCRLTest2EE"],
        &["deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"],
    ),
    case(
        "4.15.3 Invalid delta-CRL",
        Invalid,
        &["deltaCRLCA1Cert", "InvaliddeltaCRLTest3EE"],
        &["deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"],
    ),
    case(
        "4.15.4 Invalid delta-CRL",
        Invalid,
        &["deltaCRLCA1Cert", "InvaliddeltaCRLTest4EE"],
        &["deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"],
    ),
    case(
        "4.15.5 Valid delta-CRL",
        Valid,
        &["deltaCRLCA1Cert", "ValiddeltaCRLTest5EE"],
        &["deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"],
    ),
    case(
        "4.15.6 Invalid delta-CRL",
        Invalid,
        &["deltaCRLCA1Cert", "InvaliddeltaCRLTest6EE"],
        &["deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"],
    ),
    case(
        "4.15.7 Valid delta-CRL",
        Valid,
        &["deltaCRLCA1Cert", "ValiddeltaCRLTest7EE"],
        &["deltaCRLCA1CRL", "deltaCRLCA1deltaCRL"],
    ),
    case(
        "4.15.8 Valid delta-CRL",
        Valid,
        &["deltaCRLCA2Cert", "ValiddeltaCRLTest8EE"],
        &["deltaCRLCA2CRL", "deltaCRLCA2deltaCRL"],
    ),
    case(
        "4.15.9 Invalid delta-CRL",
        Invalid,
        &["deltaCRLCA2Cert", "InvaliddeltaCRLTest9EE"],
        &["deltaCRLCA2CRL", "deltaCRLCA2deltaCRL"],
    ),
    case(
        "4.15.10 Invalid delta-CRL",
        Invalid,
        &["deltaCRLCA3Cert", "InvaliddeltaCRLTest10EE"],
        &["deltaCRLCA3CRL", "deltaCRLCA3deltaCRL"],
    ),
];
