//! The fields that a list may have, and the headers that towns give them.

use serde::Deserialize;

/// Fields of one kind of list.
pub(crate) trait Field: Copy + 'static {
    /// Every field, each at the place of its [`Field::place`].
    const ALL: &'static [Self];
    /// Which one it is, from 0.
    fn place(self) -> usize;
    /// The word for it in problems.
    fn label(self) -> &'static str;
    /// The headers that stand for it, the usual one first.
    fn spellings(self) -> &'static [&'static str];
}

macro_rules! fields {
    ($(#[$doc:meta])* $visible:vis $name:ident { $($(#[$vdoc:meta])* $variant:ident: $first:literal $(, $more:literal)*;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        #[serde(rename_all = "snake_case")]
        $visible enum $name { $($(#[$vdoc])* $variant),+ }

        impl Field for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn place(self) -> usize {
                self as usize
            }

            fn label(self) -> &'static str {
                match self { $(Self::$variant => $first),+ }
            }

            fn spellings(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$first $(, $more)*]),+ }
            }
        }
    };
}

fields! {
    /// A field of the list of residents. In the mapping file its name is written as `called_name`.
    pub ResidentField {
        /// The number of the person in the town's own systems. Needed.
        Number: "宛名番号", "住民番号", "住民コード", "宛名コード", "個人コード";
        /// The number of the household.
        Household: "世帯番号", "世帯コード", "世帯No";
        /// Needed.
        Name: "氏名", "名前", "漢字氏名", "氏名(漢字)", "氏名漢字", "住民氏名";
        /// The reading.
        Kana: "氏名カナ", "カナ氏名", "フリガナ", "氏名フリガナ", "氏名(カナ)", "カナ", "よみがな", "ふりがな";
        /// What the person chose to be called by.
        CalledName: "呼び名", "通称", "通称名";
        /// To the head of the household.
        Relation: "続柄", "続柄名", "続柄名称";
        /// The day of birth.
        Birth: "生年月日", "誕生日";
        /// Male, female or other.
        Sex: "性別", "男女";
        /// Seven digits.
        Postcode: "郵便番号", "〒";
        /// Up to the house number.
        Address: "住所", "現住所", "所在地";
        /// House and room; becomes the end of the address.
        House: "方書", "アパート名", "建物名";
        /// The administrative district.
        District: "行政区", "町字", "行政区名", "町字名", "地区", "自治会", "大字";
        /// The group of neighbours in the district.
        Group: "班", "組", "班名", "隣組";
        /// The telephone.
        Phone: "電話番号", "電話", "TEL", "連絡先", "連絡先電話番号";
        /// Whether the person must not be found (支援措置).
        Hidden: "支援措置", "秘匿", "秘匿区分", "支援措置区分", "DV区分", "非開示";
        /// Whether the person is watched over.
        Watch: "見守り", "見守り対象", "見守り区分";
        /// The nationality.
        Nationality: "国籍", "国籍・地域";
        /// The language.
        Language: "言語", "使用言語", "母語";
    }
}
fields! {
    /// A field of the list of persons needing support. In the mapping file its name is written as `care_level`.
    pub SupportField {
        /// The number of the person, as in the list of residents.
        Number: "宛名番号", "住民番号", "住民コード", "宛名コード", "個人コード";
        /// Needed where the number is absent.
        Name: "氏名", "名前", "漢字氏名", "氏名(漢字)", "氏名漢字", "要支援者氏名", "本人氏名";
        /// The reading.
        Kana: "氏名カナ", "カナ氏名", "フリガナ", "氏名フリガナ", "氏名(カナ)", "カナ", "よみがな", "ふりがな";
        /// Needed where the number is absent.
        Birth: "生年月日", "誕生日";
        /// Why, in words.
        Reason: "避難支援等を必要とする事由", "支援を必要とする事由", "支援を必要とする理由", "支援理由", "事由", "要件", "対象要件", "区分";
        /// 要介護度
        CareLevel: "要介護度", "要介護状態区分", "介護度", "要介護";
        /// The grade of the 身体障害者手帳.
        PhysicalHandbook: "身体障害者手帳", "身体障害等級", "身体障害", "身障手帳", "身障等級";
        /// The grade of the 療育手帳.
        IntellectualHandbook: "療育手帳", "療育手帳判定", "療育", "知的障害";
        /// The grade of the 精神障害者保健福祉手帳.
        MentalHandbook: "精神障害者保健福祉手帳", "精神障害者手帳", "精神手帳", "精神障害";
        /// Whether there is an intractable disease.
        IntractableDisease: "難病", "指定難病", "難病患者";
        /// Whether old people live alone or among themselves.
        ElderlyAlone: "高齢者のみ世帯", "高齢者のみの世帯", "独居高齢者", "一人暮らし高齢者", "高齢者世帯";
        /// Words beside the reason.
        Note: "備考", "特記事項", "摘要";
        /// Whether the person agreed that the supporters get the list in peace time.
        Consent: "平常時の情報提供同意", "情報提供同意", "同意", "同意の有無", "平常時の情報提供への同意", "名簿情報提供同意", "外部提供同意";
        /// Who helps (避難支援等実施者).
        SupporterName: "避難支援等実施者", "避難支援等実施者氏名", "支援者", "支援者氏名", "避難支援者", "支援者名";
        /// How to reach who helps.
        SupporterPhone: "避難支援等実施者電話番号", "避難支援等実施者連絡先", "支援者電話番号", "支援者連絡先", "支援者電話";
        /// Where the person is to be brought.
        Refuge: "避難先", "避難場所", "避難施設", "避難所", "避難先施設";
        /// What the person needs, in words.
        Needs: "必要な支援", "配慮事項", "必要な配慮", "支援内容", "避難時に配慮すべき事項", "配慮が必要な事項";
    }
}
fields! {
    /// A field of the list of homes.
    pub(crate) HomeField {
        Household: "世帯番号", "世帯コード", "世帯No";
        Latitude: "緯度";
        Longitude: "経度";
    }
}
fields! {
    /// A field of the national lists of emergency sites and shelters.
    pub(crate) SiteField {
        Name: "名称", "施設・場所名", "施設名", "避難所名", "施設名称";
        Kana: "名称_カナ", "名称カナ", "施設名カナ";
        Address: "住所", "所在地_連結表記", "所在地", "所在地_住所";
        Town: "所在地_町字";
        Number: "所在地_番地以下";
        Code: "全国地方公共団体コード", "市区町村コード", "都道府県コード又は市区町村コード", "団体コード";
        Id: "共通ID", "ID";
        Latitude: "緯度";
        Longitude: "経度";
        Flood: "洪水";
        Landslide: "崖崩れ、土石流及び地滑り", "崖崩れ", "土砂災害", "がけ崩れ、土石流及び地滑り", "崖崩れ・土石流・地滑り";
        StormSurge: "高潮";
        Earthquake: "地震";
        Tsunami: "津波";
        Fire: "大規模な火事", "大規模火災";
        InlandFlood: "内水氾濫", "内水はん濫";
        Volcano: "火山現象", "火山";
        AlsoShelter: "指定避難所との住所同一", "指定避難所との重複";
        AlsoEmergencySite: "指定緊急避難場所との住所同一", "指定緊急避難場所との重複";
        Capacity: "想定収容人数", "収容人数", "想定収容人員";
        Received: "受入対象者";
        Remarks: "備考";
    }
}
