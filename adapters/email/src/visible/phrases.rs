//! Phrases at the end of mails in many languages, parted by `|`.

/// "Sent from my phone" and what app makers write there.
pub(super) const SENT: &str = "\
    Sent from|Sent via|Sent using|Sent with|Sent by|Sent through|Sent on|Send from|Composed on|Typed on|\
    Written on|Get Outlook for|Get BlueMail for|Get Yahoo Mail for|Gesendet von|Gesendet mit|Gesendet aus|\
    Gesendet über|Gesendet vom|Diese Nachricht wurde von|Von meinem|Von meiner|Von einem|\
    Holen Sie sich Outlook für|Outlook für|Verschickt mit|Verschickt von|Envoyé de|Envoyé depuis|\
    Envoyé à partir de|Envoyé avec|Envoyé par|Envoyé via|Télécharger Outlook pour|Obtenez Outlook pour|\
    Obtenir Outlook pour|Enviado desde|Enviado con|Enviado de|Enviado mediante|Enviado por|Enviado a través|\
    Enviado via|Obtener Outlook para|Obtenga Outlook para|Enviat des|Enviat des de|Enviado dende|Enviado do|\
    Enviado pelo|Enviado a partir|Enviada do|Enviado através|Obter Outlook para|Obter o Outlook para|\
    Obtenha o Outlook para|Baixe o Outlook para|Inviato da|Inviato dal|Inviato dall'|Inviato con|Inviata da|\
    Ottieni Outlook per|Scarica Outlook per|Verzonden vanaf|Verzonden met|Verzonden via|Verstuurd vanaf|\
    Verstuurd met|Verstuurd via|Outlook voor|Download Outlook voor|Outlook downloaden voor|Sendt fra|Sendt via|\
    Sendt med|Skickat från|Skickat med|Skickat via|Skickades från|Hent Outlook til|Få Outlook til|\
    Få Outlook for|Hämta Outlook för|Skaffa Outlook för|Last ned Outlook for|Lähetetty|Hanki Outlook|Wysłane z|\
    Wysłano z|Wysłano ze|Wysłane przy użyciu|Pobierz Outlook dla|Pobierz aplikację Outlook|Odesláno z|\
    Odesláno ze|Odesláno pomocí|Odoslané z|Odoslané zo|Získat Outlook pro|Stáhnout Outlook pro|Отправлено с|\
    Отправлено из|Отправлено через|Отправлено от|Скачать Outlook для|Получить Outlook для|Послано с|Надіслано з|\
    Надіслано із|Відправлено з|Изпратено от|Изпратено с|iPhone'umdan gönderildi|iPhone'dan gönderildi|\
    iPad'imden gönderildi|Küldve|Elküldve|iPhone-omról küldve|Outlook letöltése|Trimis de pe|Trimis din|\
    Descărcați Outlook pentru|Στάλθηκε από|Εστάλη από|Αποστολή από|Poslano iz|Poslano s|Poslato sa|Išsiųsta iš|\
    Saadetud minu|Nosūtīts no|Sent úr|Sendt úr|נשלח מ|נשלח מה|أرسلت من|أُرسلت من|تم الإرسال من|ارسال شده از|\
    发自我的|发自|從我的|傳送自|寄自我的|发送自|iPhoneから送信|iPadから送信|Androidから送信|나의 iPhone에서 보냄|나의 iPad에서 보냄|내 iPhone에서 보냄|\
    Dikirim dari|Terkirim dari|Được gửi từ|Đã gửi từ|Gửi từ|ส่งจาก|मेरे iPhone से भेजा गया";
/// The same where the words stand at the end of the line.
pub(super) const SENT_END: &str = "gesendet|gönderildi|küldve|から送信|にて送信|에서 보냄|에서 전송|से भेजा गया|saadetud";

/// Closings that end a mail. Thanks are none: they are said to somebody.
pub(super) const CLOSINGS: &str = "\
    regards|best regards|kind regards|kindest regards|warm regards|warmest regards|with regards|\
    with kind regards|with best regards|many regards|sincere regards|my best regards|best|all the best|\
    best wishes|with best wishes|kind wishes|warmly|sincerely|yours sincerely|sincerely yours|yours faithfully|\
    yours truly|very truly yours|respectfully|respectfully yours|cordially|cheers|br|kr|rgds|brgds|bw|\
    mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichem gruß|mit freundlichem gruss|\
    mit freundlichen gruessen|freundliche grüße|freundliche grüsse|freundlicher gruß|beste grüße|beste grüsse|\
    mit besten grüßen|mit besten grüssen|viele grüße|viele grüsse|vielen grüßen|mit vielen grüßen|liebe grüße|\
    liebe grüsse|mit lieben grüßen|herzliche grüße|herzliche grüsse|schöne grüße|grüße|grüsse|gruß|gruss|\
    lieben gruß|hochachtungsvoll|mfg|lg|vg|bg|cordialement|bien cordialement|très cordialement|bien à vous|\
    bien à toi|sincèrement|salutations|meilleures salutations|sincères salutations|salutations distinguées|\
    amicalement|respectueusement|bonne journée|bonne soirée|bonne réception|bonne fin de journée|\
    très bonne journée|belle journée|cdlt|cdt|crdt|saludos|un saludo|saludos cordiales|un cordial saludo|\
    cordiales saludos|cordialmente|atentamente|muy atentamente|atte|atentos saludos|un abrazo|mis saludos|\
    salutacions|salutacions cordials|un atento saludo|saúdos|atenciosamente|cordiais saudações|saudações|\
    cumprimentos|com os melhores cumprimentos|melhores cumprimentos|abraço|abraços|um abraço|att|grato|\
    respeitosamente|cordiali saluti|distinti saluti|saluti|un saluto|cari saluti|tanti saluti|\
    un cordiale saluto|cordialmente saluto|in fede|met vriendelijke groet|met vriendelijke groeten|\
    met hartelijke groet|met hartelijke groeten|vriendelijke groet|vriendelijke groeten|hartelijke groet|\
    hartelijke groeten|groet|groeten|groetjes|hoogachtend|mvg|m.v.g|gr|med vänlig hälsning|\
    med vänliga hälsningar|vänliga hälsningar|vänlig hälsning|med bästa hälsningar|bästa hälsningar|hälsningar|\
    hälsning|vänligen|mvh|med venlig hilsen|venlig hilsen|med venlige hilsner|mange hilsner|bedste hilsner|\
    de bedste hilsner|kh|vh|med vennlig hilsen|vennlig hilsen|med hilsen|beste hilsen|hilsen|kveðja|með kveðju|\
    ystävällisin terveisin|parhain terveisin|terveisin|yst. terv|terv|t|tervitades|lugupidamisega|\
    parimate soovidega|pagarbiai|su pagarba|ar cieņu|pozdrawiam|pozdrawiam serdecznie|serdecznie pozdrawiam|\
    z poważaniem|z wyrazami szacunku|pozdrowienia|s pozdravem|s přátelským pozdravem|s úctou|hezký den|\
    s pozdravom|s úctivým pozdravom|srdačan pozdrav|lijep pozdrav|lp|pozdrav|lep pozdrav|s poštovanjem|\
    s spoštovanjem|srdačno|с уважением|с наилучшими пожеланиями|с уважением и наилучшими пожеланиями|\
    всего доброго|всего хорошего|всего наилучшего|искренне ваш|искренне ваша|з повагою|з найкращими побажаннями|\
    с уважение|поздрави|с поздрави|üdvözlettel|tisztelettel|üdv|szép napot|saygılarımla|saygılar|iyi çalışmalar|\
    iyi günler|sevgiler|cu stimă|cu stima|cu respect|toate cele bune|cu drag|με εκτίμηση|\
    με φιλικούς χαιρετισμούς|φιλικά|בברכה|בכבוד רב|تحياتي|مع تحياتي|مع خالص التحية|مع أطيب التحيات|با احترام|\
    با تشکر و احترام|此致|祝好|顺祝商祺|敬具|以上|salam|hormat saya|salam hormat|trân trọng|thân ái|ขอแสดงความนับถือ|सादर";

/// Words before a closing in one line: "Thanks and best regards".
pub(super) const THANKS: &str = "\
    thanks|many thanks|thank you|with thanks|thanks in advance|danke|vielen dank|besten dank|merci|gracias|\
    muchas gracias|grazie|obrigado|obrigada|bedankt|dank|alvast bedankt|tack|tak|takk|dziękuję|спасибо|best|\
    warm|kind";
pub(super) const AND: &str = "and|&|+|und|et|y|e|en|och|og|i|и|,|with|mit";

/// How legal text and requests not to print begin.
pub(super) const LEGAL: &str = "\
    this e-mail and any|this email and any|this email, including|this e-mail, including|this message and any|\
    this message contains|this message is intended|this message, including|this communication|\
    this email is confidential|this e-mail is confidential|this email is intended|this e-mail is intended|\
    this electronic mail|this transmission|this email may contain|this e-mail may contain|\
    this message may contain|this email message|this e-mail message|this email has been scanned|\
    this e-mail contains|this email contains|the information contained|the information in this|\
    the contents of this|confidentiality notice|confidentiality:|confidentiality note|confidential:|disclaimer|\
    legal notice|privileged and confidential|privacy notice|if you are not the intended|\
    if you have received this|notice: this|caution:|important notice|please consider the environment|\
    think before you print|please do not print|before printing|virus-free|avg.com|diese e-mail enthält|\
    diese e-mail ist|diese nachricht ist|diese mail enthält|der inhalt dieser e-mail|vertraulichkeitshinweis|\
    ce message et|ce message est|ce courriel|cet e-mail|avis de confidentialité|este mensaje y|este mensaje va|\
    este mensaje contiene|este correo|aviso legal|aviso de confidencialidad|esta mensagem|este e-mail|\
    este email|aviso de confidencialidade|questo messaggio|questa e-mail|le informazioni contenute|ai sensi del|\
    avviso di riservatezza|dit bericht|deze e-mail|denne e-mail|denne e-post|detta meddelande|\
    detta e-postmeddelande|niniejsza wiadomość|ta wiadomość|tato zpráva|данное сообщение|это сообщение|\
    настоящее сообщение|bu e-posta|本邮件|この電子メール|본 메일";
